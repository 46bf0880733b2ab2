/** The scripted engine keeps the contract of engines. */
import { createRealClock } from '../../testing/real-clock.ts';
import { describeEngineContract } from '../engine.contract.ts';
import { contractScript } from '../contract/contract-script.ts';
import { createScriptedEngine } from './scripted-engine.ts';

describeEngineContract({
  name: 'scripted',
  model: 'small',
  create: async () =>
    createScriptedEngine({
      clock: createRealClock(),
      script: contractScript,
      models: [{ id: 'small', contextTokens: 2000 }],
    }),
});
