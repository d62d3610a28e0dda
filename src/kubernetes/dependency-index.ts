// Who asked for what: the questions that translations put to the cluster, so that a change of one answer leads to the objects that
// asked for it and to no other.

import type { Dependency } from "./translation.ts";

interface Answer {
  readonly name: Dependency;
  /** Nearly always one: a Set for each would take more memory than all the rest. */
  readonly askers: string[];
}

/** `asker` is what the owner of the index knows an object by. */
export class DependencyIndex {
  readonly #answers = new Map<Dependency, Answer>();
  readonly #asked = new Map<string, readonly Answer[]>();

  /** Replaces what an asker asked for before; nothing forgets it. */
  record(asker: string, names: ReadonlySet<Dependency>): void {
    const before = this.#asked.get(asker);
    if (before !== undefined) {
      if (before.length === names.size && before.every((answer) => names.has(answer.name))) return;
      for (const answer of before) this.#remove(answer, asker);
      this.#asked.delete(asker);
    }
    if (names.size === 0) return;
    const answers: Answer[] = [];
    for (const name of names) {
      let answer = this.#answers.get(name);
      if (answer === undefined) {
        answer = { name, askers: [] };
        this.#answers.set(name, answer);
      }
      answer.askers.push(asker);
      answers.push(answer);
    }
    this.#asked.set(asker, answers);
  }

  askers(name: Dependency): readonly string[] {
    return this.#answers.get(name)?.askers ?? [];
  }

  #remove(answer: Answer, asker: string): void {
    const { askers, name } = answer;
    const at = askers.indexOf(asker);
    askers[at] = askers.at(-1)!;
    askers.pop();
    if (askers.length === 0) this.#answers.delete(name);
  }
}
