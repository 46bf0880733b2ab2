/**
 * The adaptive ladder: finds the difficulty that a subject can do with few items. Two-parameter logistic model
 * with a known chance level; ability is the posterior mean on a grid, the next rung the most telling one.
 */
export interface LadderOptions {
  /** The difficulty of each rung on the ability scale, from the first rung on. */
  readonly difficulties: readonly number[];
  /** The chance level of each rung; absent means 0 for all. */
  readonly chances01?: readonly number[];
  /** Steepness of the curve of success over ability minus difficulty. */
  readonly discrimination?: number;
  /** Standard deviation of the prior, centred on the middle rung. */
  readonly priorDeviation?: number;
}

export interface LadderAnswer {
  /** 1-based. */
  readonly rung: number;
  readonly isCorrect: boolean;
}

export interface LadderState {
  readonly ability: number;
  readonly standardError: number;
  /** The rung to ask next, 1-based. */
  readonly nextRung: number;
}

const gridPoints = 161;

/** Where the subject stands after these answers, in any order. */
export function climb(options: LadderOptions, answers: readonly LadderAnswer[]): LadderState {
  const { difficulties, discrimination = 1.5, priorDeviation = 2.5 } = options;
  const low = Math.min(...difficulties) - 2;
  const high = Math.max(...difficulties) + 2;
  const centre = (low + high) / 2;
  const grid = Array.from({ length: gridPoints }, (_, i) => low + ((high - low) * i) / (gridPoints - 1));
  const curve = (ability: number, rung: number): number => {
    const chance = options.chances01?.[rung - 1] ?? 0;
    const logit = discrimination * (ability - (difficulties[rung - 1] ?? 0));
    return chance + (1 - chance) / (1 + Math.exp(-logit));
  };
  const logWeights = grid.map((ability) =>
    answers.reduce(
      (sum, { rung, isCorrect }) =>
        sum + Math.log(isCorrect ? curve(ability, rung) : 1 - curve(ability, rung)),
      -((ability - centre) ** 2) / (2 * priorDeviation ** 2),
    ),
  );
  const top = Math.max(...logWeights);
  const weights = logWeights.map((weight) => Math.exp(weight - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const meanOf = (value: (ability: number) => number): number =>
    grid.reduce((sum, ability, i) => sum + value(ability) * (weights[i] ?? 0), 0) / total;
  const ability = meanOf((value) => value);
  const standardError = Math.sqrt(meanOf((value) => (value - ability) ** 2));
  const tells = difficulties.map((_, index) =>
    information(curve(ability, index + 1), options.chances01?.[index] ?? 0),
  );
  return { ability, standardError, nextRung: tells.indexOf(Math.max(...tells)) + 1 };
}

/** The difficulty, on the scale of the rungs, at which a subject of this ability succeeds with `rate01`. */
export function difficultyAt(ability: number, rate01: number, discrimination = 1.5): number {
  return ability - Math.log(rate01 / (1 - rate01)) / discrimination;
}

/** Fisher information of one answer up to the constant a², with chance level c. */
function information(p: number, chance: number): number {
  return ((p - chance) / (1 - chance)) ** 2 * ((1 - p) / p);
}
