/** The families that come with Gradus, by level, and the ones that no tuning or calibration may look at. */
import type { Family } from './family.ts';
import { arithmeticChain } from './families/arithmetic-chain.ts';
import { calendar } from './families/calendar.ts';
import { constraintPuzzle } from './families/constraint-puzzle.ts';
import { countBits } from './families/count-bits.ts';
import { format } from './families/format.ts';
import { graphPath } from './families/graph-path.ts';
import { induction } from './families/induction.ts';
import { instruction } from './families/instruction.ts';
import { knightsKnaves } from './families/knights-knaves.ts';
import { lcm } from './families/lcm.ts';
import { letterCount } from './families/letter-count.ts';
import { memory } from './families/memory.ts';
import { products } from './families/products.ts';
import { programTrace } from './families/program-trace.ts';
import { refusalPair } from './families/refusal-pair.ts';
import { simpleEquations } from './families/simple-equations.ts';
import { spellBackward } from './families/spell-backward.ts';
import { zebra } from './families/zebra.ts';

/** All built-in families in the order in which reports list them. */
export const builtInFamilies: readonly Family[] = [
  instruction,
  memory,
  format,
  refusalPair,
  arithmeticChain,
  knightsKnaves,
  zebra,
  graphPath,
  programTrace,
  calendar,
  induction,
  constraintPuzzle,
  simpleEquations,
  lcm,
  letterCount,
  products,
  countBits,
  spellBackward,
];

/**
 * Families kept out of all tuning and calibration, a third of level 2: what a tuned system can do on these it
 * was not fitted to do.
 */
export const heldOutFamilies: readonly string[] = [
  'calendar',
  'constraint-puzzle',
  'graph-path',
  'induction',
  'knights-knaves',
];

/** The families that tuning may use. */
export function tuningFamilies(
  families: readonly Family[],
  heldOut: readonly string[] = heldOutFamilies,
): Family[] {
  return families.filter((family) => !heldOut.includes(family.name));
}
