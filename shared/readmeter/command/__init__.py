"""The `readmeter` command: what staff and finance type. It talks to the admin API only, local or deployed."""
