/**
 * A long dialogue that keeps a ledger of numbers: facts are told, changed and withdrawn among small talk.
 * The last question asks for the present state, an earlier one, or for something that was never said.
 */
import { createLineTask } from '../answer-line.ts';
import { at, integerBetween, pickOne, pickSome, range } from '../dice.ts';
import type { ExamLanguage, ExamMessage, Family } from '../family.ts';
import { readInteger } from '../reading.ts';
import { personNames } from '../words.ts';
import type { RandomSource } from '../../kernel/random.ts';

const turns: readonly number[] = [4, 8, 16, 32, 64, 128, 256];

const things: Readonly<Record<ExamLanguage, readonly string[]>> = {
  en: ['locker number', 'parking space', 'badge code', 'room number', 'phone extension', 'order number'],
  zh: ['储物柜号', '车位号', '工牌号', '房间号', '分机号', '订单号'],
};

const smallTalk: Readonly<Record<ExamLanguage, readonly string[]>> = {
  en: [
    'The coffee is good today.',
    'It looks like rain.',
    'Lunch is at noon as always.',
    'The lift is being repaired again.',
  ],
  zh: ['今天的咖啡不错。', '看样子要下雨了。', '午饭还是十二点。', '电梯又在修了。'],
};

type Event =
  | {
      readonly kind: 'told';
      readonly who: number;
      readonly thing: number;
      readonly value: number;
      readonly isChange: boolean;
    }
  | { readonly kind: 'withdrawn'; readonly who: number; readonly thing: number }
  | { readonly kind: 'small-talk'; readonly text: string };

type Asked = 'now' | 'before' | 'unknown';

export const memory: Family = {
  name: 'memory',
  version: 1,
  level: 1,
  title: { en: 'Memory over a long dialogue', zh: '长对话记忆' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: turns.map((size) => ({ size, chance01: size < 8 ? 0.27 : 0.19 })),
  createTask({ language, rung, random }) {
    const length = at(turns, rung - 1);
    const people = pickSome(random, personNames[language], Math.min(3 + rung * 2, 20));
    const kinds = pickSome(random, things[language], Math.min(2 + Math.floor(rung / 2), 6));
    let events: Event[];
    let question: Question | null;
    do {
      events = createEvents(random, { length, people: people.length, kinds: kinds.length, language });
      question = chooseQuestion(random, events, { people: people.length, kinds: kinds.length });
    } while (question === null);
    const unknown = language === 'en' ? 'unknown' : '不知道';
    const say = (who: number, thing: number): string =>
      language === 'en'
        ? `${at(people, who)}'s ${at(kinds, thing)}`
        : `${at(people, who)}的${at(kinds, thing)}`;
    const values = events.flatMap((event) => (event.kind === 'told' ? [event.value] : []));
    const value = question.value === null ? unknown : String(question.value);
    const wrong = values.filter((other) => other !== question.value).map(String);
    const task = createLineTask({
      language,
      question: sayQuestion(question, say(question.who, question.thing), language),
      puzzle: { events: events.map((event) => ({ ...event })), question: { ...question } },
      form: language === 'en' ? '<number or unknown>' : '<数字或不知道>',
      value,
      slips: [...wrong.slice(0, 3), ...(value === unknown ? [] : [unknown, `${value} ${unknown}`])],
      guess: (dice) => (dice.next01() < 0.2 ? unknown : String(pickOne(dice, values))),
      read: (area) => {
        const saysUnknown = /\bunknown\b|不知道|未知/iu.test(area);
        const number = readInteger(area);
        if (saysUnknown) return number === null && !/\d/u.test(area) ? unknown : null;
        return number === null ? null : String(number);
      },
    });
    const history = events.flatMap((event) => sayEvent(event, say, language));
    const system = {
      role: 'system',
      content: language === 'en' ? 'You keep notes for the front desk.' : '你负责给前台记事。',
    } as const;
    return { ...task, messages: [system, ...history, ...task.messages] };
  },
};

function createEvents(
  random: RandomSource,
  size: { length: number; people: number; kinds: number; language: ExamLanguage },
): Event[] {
  const state = new Map<string, number>();
  return range(size.length).map(() => {
    const chance = random.next01();
    if (chance < 0.15) return { kind: 'small-talk', text: pickOne(random, smallTalk[size.language]) };
    const known = [...state.keys()];
    if (chance < 0.22 && known.length > 2) {
      const key = pickOne(random, known);
      state.delete(key);
      return { kind: 'withdrawn', ...fromKey(key) };
    }
    const isChange = chance < 0.55 && known.length > 1;
    const fresh = `${integerBetween(random, 0, size.people - 1)}/${integerBetween(random, 0, size.kinds - 1)}`;
    const key = isChange ? pickOne(random, known) : fresh;
    let value: number;
    do value = integerBetween(random, 100, 999);
    while ([...state.values()].includes(value));
    const isUpdate = state.has(key);
    state.set(key, value);
    return { kind: 'told', ...fromKey(key), value, isChange: isUpdate };
  });
}

function fromKey(key: string): { who: number; thing: number } {
  const [who = '0', thing = '0'] = key.split('/');
  return { who: Number(who), thing: Number(thing) };
}

interface Question {
  readonly asked: Asked;
  readonly who: number;
  readonly thing: number;
  /** null: never told, or withdrawn. */
  readonly value: number | null;
}

/** A question of a random kind; null when the dialogue offers none of that kind. */
function chooseQuestion(
  random: RandomSource,
  events: readonly Event[],
  { people, kinds }: { people: number; kinds: number },
): Question | null {
  const asked = pickOne<Asked>(random, ['now', 'now', 'now', 'before', 'before', 'unknown']);
  const options = range(people).flatMap((who) =>
    range(kinds).flatMap((thing): Question[] => {
      const history = replay(events, who, thing);
      const now = history.at(-1) ?? null;
      const before = history.at(-2) ?? null;
      if (asked === 'unknown') return now === null ? [{ asked, who, thing, value: null }] : [];
      if (now === null) return [];
      if (asked === 'now') return [{ asked, who, thing, value: now }];
      return before === null ? [] : [{ asked, who, thing, value: before }];
    }),
  );
  return options.length === 0 ? null : pickOne(random, options);
}

/** The values of one entry in order; null stands for a withdrawal. */
function replay(events: readonly Event[], who: number, thing: number): (number | null)[] {
  return events.flatMap((event) => {
    if (event.kind === 'small-talk' || event.who !== who || event.thing !== thing) return [];
    return [event.kind === 'told' ? event.value : null];
  });
}

function sayEvent(
  event: Event,
  say: (who: number, thing: number) => string,
  language: ExamLanguage,
): ExamMessage[] {
  const reply = language === 'en' ? 'Noted.' : '好的，记下了。';
  const told = (content: string): ExamMessage[] => [
    { role: 'user', content },
    {
      role: 'assistant',
      content: event.kind === 'small-talk' ? (language === 'en' ? 'I see.' : '嗯。') : reply,
    },
  ];
  if (event.kind === 'small-talk') return told(event.text);
  const name = say(event.who, event.thing);
  const Name = name.slice(0, 1).toUpperCase() + name.slice(1);
  if (event.kind === 'withdrawn') {
    return told(
      language === 'en' ? `${Name} no longer applies, please delete it.` : `${name}作废了，请删掉。`,
    );
  }
  if (language === 'zh')
    return told(event.isChange ? `${name}改成${event.value}了。` : `${name}是${event.value}。`);
  return told(event.isChange ? `${Name} has changed to ${event.value}.` : `${Name} is ${event.value}.`);
}

function sayQuestion(question: Question, name: string, language: ExamLanguage): string {
  if (language === 'en') {
    const asks =
      question.asked === 'before' ? `What was ${name} before its last change?` : `What is ${name} now?`;
    return `${asks} If there is no such number in your notes, or it was deleted, the answer is "unknown".`;
  }
  const asks = question.asked === 'before' ? `${name}在最近一次更改之前是多少？` : `${name}现在是多少？`;
  return `${asks}如果记录里没有，或者已经删掉，就回答“不知道”。`;
}
