"""Usage that finance can invoice from: ledger rows, exports, manifests, verification, reports."""
