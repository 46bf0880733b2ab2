/**
 * Knights always tell the truth, knaves always lie. Statements are added until one assignment of roles is
 * left over of all 2^n, so the answer is unique by exhaustion.
 */
import { createLineTask } from '../answer-line.ts';
import { at, integerBetween, pickOne, pickSome, range } from '../dice.ts';
import type { ExamLanguage, Family } from '../family.ts';
import { readMentions } from '../reading.ts';
import { personNames } from '../words.ts';
import type { RandomSource } from '../../kernel/random.ts';

const people: readonly number[] = [2, 3, 4, 6, 8, 11, 14];

/** What a speaker says of others; `isKnight` holds the roles by index. */
type Claim =
  | { readonly kind: 'role'; readonly who: number; readonly isKnight: boolean }
  | { readonly kind: 'same'; readonly who: number; readonly other: number; readonly isSame: boolean }
  | { readonly kind: 'count'; readonly knights: number }
  | { readonly kind: 'either'; readonly who: number; readonly other: number }
  | { readonly kind: 'if'; readonly who: number; readonly other: number };

interface Statement {
  readonly speaker: number;
  readonly claim: Claim;
}

export const knightsKnaves: Family = {
  name: 'knights-knaves',
  version: 1,
  level: 2,
  title: { en: 'Knights and knaves', zh: '骑士与无赖' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: people.map((size) => ({ size, chance01: 2 ** -size + 0.03 })),
  createTask({ language, rung, random }) {
    const count = at(people, rung - 1);
    const names = pickSome(random, personNames[language], count);
    const { roles, statements } = createPuzzle(random, count);
    const words = language === 'en' ? ['knave', 'knight'] : ['无赖', '骑士'];
    const join = language === 'en' ? ', ' : '，';
    const write = (mask: number): string =>
      range(count)
        .map((i) => `${at(names, i)}: ${at(words, (mask >> i) & 1)}`)
        .join(join);
    return createLineTask({
      language,
      question: sayQuestion({ language, names, statements }),
      puzzle: {
        count,
        names,
        statements: statements.map(({ speaker, claim }) => ({ speaker, claim: { ...claim } })),
      },
      form:
        language === 'en' ? `${at(names, 0)}: <knight or knave>, ...` : `${at(names, 0)}：<骑士或无赖>，……`,
      value: write(roles),
      slips: [...range(count).map((i) => write(roles ^ (1 << i))), write(roles ^ (2 ** count - 1))],
      guess: (dice) => write(integerBetween(dice, 0, 2 ** count - 1)),
      read: (area) => readRoles(area, names, write),
    });
  },
};

function createPuzzle(random: RandomSource, count: number): { roles: number; statements: Statement[] } {
  for (;;) {
    const roles = integerBetween(random, 0, 2 ** count - 1);
    const statements: Statement[] = [];
    let left = range(2 ** count);
    for (let i = 0; i < count * 3 && left.length > 1; i++) {
      const speaker = i % count;
      const statement = { speaker, claim: createClaim(random, { count, speaker, roles }) };
      const next = left.filter((mask) => isConsistent(statement, mask));
      // A statement that rules nothing out is noise on the first round only; later it is left out.
      if (i >= count && next.length === left.length) continue;
      statements.push(statement);
      left = next;
    }
    if (left.length === 1) return { roles, statements: statements.toSorted((a, b) => a.speaker - b.speaker) };
  }
}

/** A claim that the speaker can make: true from a knight, false from a knave. */
function createClaim(
  random: RandomSource,
  { count, speaker, roles }: { count: number; speaker: number; roles: number },
): Claim {
  const others = range(count).filter((who) => who !== speaker);
  for (;;) {
    const [who = 0, other = speaker] = pickSome(random, others, Math.min(2, others.length));
    const isPositive = random.next01() < 0.5;
    const claim = pickOne<Claim>(random, [
      { kind: 'role', who, isKnight: isPositive },
      { kind: 'same', who, other, isSame: isPositive },
      { kind: 'count', knights: integerBetween(random, 0, count) },
      { kind: 'either', who, other },
      { kind: 'if', who, other },
    ]);
    if (isConsistent({ speaker, claim }, roles)) return claim;
  }
}

function isConsistent({ speaker, claim }: Statement, mask: number): boolean {
  return isTrue(claim, mask) === ((mask >> speaker) % 2 === 1);
}

function isTrue(claim: Claim, mask: number): boolean {
  const isKnight = (who: number): boolean => (mask >> who) % 2 === 1;
  switch (claim.kind) {
    case 'role':
      return isKnight(claim.who) === claim.isKnight;
    case 'same':
      return (isKnight(claim.who) === isKnight(claim.other)) === claim.isSame;
    case 'count':
      return mask.toString(2).replaceAll('0', '').length === claim.knights;
    case 'either':
      return isKnight(claim.who) || isKnight(claim.other);
    case 'if':
      return !isKnight(claim.who) || isKnight(claim.other);
  }
}

/** Reads name and role pairs; every person exactly once. */
function readRoles(area: string, names: readonly string[], write: (mask: number) => string): string | null {
  const roles = [
    ['knave', 'knaves', 'liar', '无赖', '骗子'],
    ['knight', 'knights', '骑士'],
  ];
  const mentions = readMentions(area, [...names.map((name) => [name]), ...roles]);
  let mask = 0;
  const seen = new Set<number>();
  if (mentions.length !== names.length * 2) return null;
  for (let i = 0; i < mentions.length; i += 2) {
    const [who, role] = [at(mentions, i), at(mentions, i + 1) - names.length];
    if (who >= names.length || role < 0 || seen.has(who)) return null;
    seen.add(who);
    mask |= role << who;
  }
  return write(mask);
}

interface Telling {
  readonly language: ExamLanguage;
  readonly names: readonly string[];
  readonly statements: readonly Statement[];
}

function sayQuestion({ language, names, statements }: Telling): string {
  const name = (who: number): string => at(names, who);
  const lines = statements
    .map(({ speaker, claim }) =>
      language === 'en'
        ? `${name(speaker)} says: "${sayInEnglish(claim, name)}"`
        : `${name(speaker)}说：“${sayInChinese(claim, name)}”`,
    )
    .join('\n');
  return language === 'en'
    ? `On an island everybody is either a knight, who always tells the truth, or a knave, who always lies. You meet ${names.join(', ')}.\n\n${lines}\n\nWhat is each of them?`
    : `岛上的每个人要么是骑士，要么是无赖：骑士只说真话，无赖只说假话。你遇到了${names.join('、')}。\n\n${lines}\n\n他们各是什么身份？`;
}

function sayInEnglish(claim: Claim, name: (who: number) => string): string {
  switch (claim.kind) {
    case 'role':
      return `${name(claim.who)} is a ${claim.isKnight ? 'knight' : 'knave'}.`;
    case 'same':
      return `${name(claim.who)} and ${name(claim.other)} are ${claim.isSame ? 'of the same kind' : 'of different kinds'}.`;
    case 'count':
      return `The number of knights among us is exactly ${claim.knights}.`;
    case 'either':
      return `At least one of ${name(claim.who)} and ${name(claim.other)} is a knight.`;
    case 'if':
      return `If ${name(claim.who)} is a knight, then so is ${name(claim.other)}.`;
  }
}

function sayInChinese(claim: Claim, name: (who: number) => string): string {
  switch (claim.kind) {
    case 'role':
      return `${name(claim.who)}是${claim.isKnight ? '骑士' : '无赖'}。`;
    case 'same':
      return `${name(claim.who)}和${name(claim.other)}${claim.isSame ? '身份相同' : '身份不同'}。`;
    case 'count':
      return `我们当中恰好有${claim.knights}个骑士。`;
    case 'either':
      return `${name(claim.who)}和${name(claim.other)}当中至少有一个是骑士。`;
    case 'if':
      return `如果${name(claim.who)}是骑士，那么${name(claim.other)}也是骑士。`;
  }
}
