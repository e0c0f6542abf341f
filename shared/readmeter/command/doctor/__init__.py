"""`readmeter doctor`: a live page as the snippet, a cache, a crawler and somebody who looks for the text see it."""
