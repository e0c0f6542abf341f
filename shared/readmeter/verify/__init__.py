"""What publishers run to withhold an article's text until a grant verifies. Each file stands alone, to be copied.

`readmeter_verify.py` is for Python servers, `readmeter-verify.js` for Node and edge runtimes, `cloudfront-function.js`
for CloudFront. Nothing of Readmeter imports them, and they import nothing of it.
"""
