"""The command line: one module a command. Knows no pages and starts no threads."""
