"""What `check` looks at, a file for each topic; every check returns findings and writes nothing."""
