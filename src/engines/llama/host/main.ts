/** Entry of a model's host process: joins the host to the IPC channel and leaves with its parent. */
import type { FromHost, ToHost } from '../messages.ts';
import { Host } from './host.ts';

const host = new Host({
  send: (message: FromHost) => {
    process.send?.(message);
  },
  nowMs: () => performance.now(),
});

process.on('message', (message: ToHost) => {
  void host.receive(message);
});
// The server is gone, however it went: nobody will ask again.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the server decides when its models end.
process.on('SIGINT', () => undefined);
