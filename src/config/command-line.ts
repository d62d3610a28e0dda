// The command line as it was given, for those who ask a running process what it is.

/** The program, then its arguments. */
export function commandLine(): readonly string[] {
  return process.argv.slice(1);
}
