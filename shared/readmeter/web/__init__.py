"""Events in, answers out: API Gateway's payload 2.0, bodies, problem+json, CORS."""
