"""What lies outside of the deployment and is fetched, never trusted."""
