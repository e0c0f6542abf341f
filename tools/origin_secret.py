"""What a publisher's own path sends as X-Readmeter-Origin (docs/operate.md): origin_secret.py SITE < the secret.

It proves to Readmeter that CloudFront-Viewer-Address was written by this site's own server, and says nothing of others.
"""

import sys

from readmeter.core.keys import Keyring

if __name__ == "__main__":
    print(Keyring.parse(sys.stdin.read()).origin_secret(sys.argv[1]))
