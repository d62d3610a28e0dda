// Texts of failed system calls as they stand in logs and messages (`open routes.eskip: no such file or directory`).

const texts: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  ELOOP: "too many levels of symbolic links",
  EMFILE: "too many open files",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  ETIMEDOUT: "connection timed out",
};

/** What went wrong, without the file or address. */
export function systemErrorText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  return (code !== undefined ? texts[code] : undefined) ?? cause.message;
}

/** The same for a file that could not be read. A directory can be opened, so it is the reading that fails. */
export function openReason(cause: unknown, file: string): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return `${code === "EISDIR" ? "read" : "open"} ${file}: ${systemErrorText(cause)}`;
}
