/** The QuickJS sandbox keeps the contract. Starts worker processes; needs no network, model or database. */
import { openQuickJsSandbox } from '../../src/tools/sandbox/quickjs/quickjs-sandbox.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { describeSandboxContract } from './sandbox.contract.ts';

describeSandboxContract('quickjs', () =>
  openQuickJsSandbox({ clock: createRealClock(), workers: 1, spares: 1 }),
);
