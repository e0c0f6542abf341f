"""`python -m readmeter.command`."""

from readmeter.command.main import main

if __name__ == "__main__":
    main(prog_name="readmeter")
