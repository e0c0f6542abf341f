"""The site document: its model, its reading from JSON and YAML, what it is checked for, and its compiled form."""
