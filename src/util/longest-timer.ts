/** The longest time in milliseconds that timers of Node keep; with a longer one they fire after a millisecond. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
