"""One view from event to answer: where rules, tokens, store and web meet. Above those, below functions."""
