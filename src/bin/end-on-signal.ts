// How the commands that serve end: SIGTERM serves on for the health checks and drains, SIGINT drains at once and a second one ends.

interface Ending {
  /** Null while the process still starts: then it has nothing to finish and ends at once. */
  running(): { shutdown(waitMs: number): Promise<void> } | null;
  readonly healthCheckMs: number;
  error(message: string): void;
}

export function endOnSignal({ running, healthCheckMs, error }: Ending): void {
  let ending = false;
  /** False when the shutdown has begun before. */
  const end = (waitMs: number): boolean => {
    if (ending) return false;
    ending = true;
    const server = running();
    if (server === null) process.exit(0);
    server.shutdown(waitMs).then(
      () => process.exit(0),
      (cause: Error) => {
        error(`shutdown: ${cause.stack ?? cause.message}`);
        process.exit(1);
      },
    );
    return true;
  };
  process.on("SIGTERM", () => end(healthCheckMs));
  process.on("SIGINT", () => {
    if (!end(0)) process.exit(130);
  });
}
