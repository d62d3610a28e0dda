// What threads of tests say. A thread that ends without a word fails whoever waits for it, at once and with the reason.

import type { Worker } from "node:worker_threads";

/** The next message of a thread. To be called before the thread can have sent it: what nobody waits for is lost. */
export function said<T>(thread: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      thread.off("message", onMessage).off("error", onError).off("exit", onExit);
      done();
    };
    const onMessage = (message: T) => settle(() => resolve(message));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = (code: number) => settle(() => reject(new Error(`the thread ended with ${code}, saying nothing`)));
    thread.on("message", onMessage).on("error", onError).on("exit", onExit);
  });
}
