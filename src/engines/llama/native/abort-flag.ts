/**
 * Stops a native computation that is under way. llama.cpp asks a C callback `bool (*)(void *data)` between
 * the nodes of its graph, from its own threads, where no JavaScript can run. libc's `atoi` has the right
 * shape: given a text in our memory it answers 0 for "0" and 1 for "1". So the flag is one byte that we
 * write, and no native code of ours is needed.
 */
export class AbortFlag {
  readonly memory: Buffer = Buffer.from('0\0');

  set(): void {
    this.memory[0] = 0x31;
  }

  clear(): void {
    this.memory[0] = 0x30;
  }

  get isSet(): boolean {
    return this.memory[0] === 0x31;
  }
}
