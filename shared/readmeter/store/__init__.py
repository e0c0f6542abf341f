"""The only place that knows keys, item shapes and expression text. Talks to DynamoDB through the port in `database`."""
