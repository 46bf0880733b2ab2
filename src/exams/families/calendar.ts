/** Chains of steps over the calendar; difficulty is the number of steps. Asks for a date, which cannot be guessed. */
import { createDateTask } from '../answer-line.ts';
import { at, integerBetween, pickOne, range } from '../dice.ts';
import type { ExamLanguage, Family } from '../family.ts';
import type { RandomSource } from '../../kernel/random.ts';

const steps: readonly number[] = [1, 2, 3, 5, 8, 14, 24];

type Step =
  | { readonly kind: 'days'; readonly count: number }
  | { readonly kind: 'weekday'; readonly weekday: number }
  | { readonly kind: 'month-end' }
  | { readonly kind: 'workdays'; readonly count: number }
  | { readonly kind: 'first-of-next-month' };

const weekdays: Readonly<Record<ExamLanguage, readonly string[]>> = {
  en: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
  zh: ['星期日', '星期一', '星期二', '星期三', '星期四', '星期五', '星期六'],
};

export const calendar: Family = {
  name: 'calendar',
  version: 1,
  level: 2,
  title: { en: 'Calendars', zh: '日历推算' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: steps.map((size) => ({ size, chance01: 0.03 })),
  createTask({ language, rung, random }) {
    const start =
      dayOf(integerBetween(random, 1980, 2060), integerBetween(random, 1, 12), 1) +
      integerBetween(random, 0, 27);
    const chain = range(at(steps, rung - 1)).map((index) =>
      createStep(random, { rung, isFirst: index === 0 }),
    );
    const days = chain.reduce((path, step) => [...path, applyStep(at(path, path.length - 1), step)], [start]);
    const end = at(days, days.length - 1);
    const lines = chain.map((step, index) => `${index + 1}. ${sayStep(step, language)}`).join('\n');
    const first = sayDate(start, language);
    return createDateTask({
      language,
      question:
        language === 'en'
          ? `Start on ${first} and move as follows. Workdays are Monday to Friday; there are no holidays. On which date do you end?\n\n${lines}`
          : `从${first}出发，按下面的步骤推算日期。工作日指星期一到星期五，不考虑节假日。最后是哪一天？\n\n${lines}`,
      puzzle: { start: toIso(start), chain: chain.map((step) => ({ ...step })) },
      value: toIso(end),
      slips: [end + 1, end - 1, end + 7, end + 365].map(toIso),
      guess: (dice) => toIso(end + integerBetween(dice, -40, 40)),
    });
  },
};

function createStep(random: RandomSource, { rung, isFirst }: { rung: number; isFirst: boolean }): Step {
  const far = rung === 1 ? 60 : 400;
  const days = {
    kind: 'days',
    count: integerBetween(random, 9, far) * (random.next01() < 0.7 ? 1 : -1),
  } as const;
  if (rung === 1 || (rung === 2 && isFirst)) return days;
  return pickOne<Step>(random, [
    days,
    { kind: 'weekday', weekday: integerBetween(random, 0, 6) },
    { kind: 'workdays', count: integerBetween(random, 3, rung < 4 ? 20 : 120) },
    { kind: 'month-end' },
    { kind: 'first-of-next-month' },
  ]);
}

/** Moves a day number (days since 1970-01-01, a Thursday). */
function applyStep(day: number, step: Step): number {
  switch (step.kind) {
    case 'days':
      return day + step.count;
    case 'weekday':
      return day + ((step.weekday - weekdayOf(day) + 6) % 7) + 1;
    case 'month-end': {
      const [year, month] = civilOf(day);
      return dayOf(year, month + 1, 1) - 1;
    }
    case 'first-of-next-month': {
      const [year, month] = civilOf(day);
      return dayOf(year, month + 1, 1);
    }
    case 'workdays': {
      let here = day;
      for (let left = step.count; left > 0;) {
        here++;
        if (weekdayOf(here) % 6 !== 0) left--;
      }
      return here;
    }
  }
}

function sayStep(step: Step, language: ExamLanguage): string {
  switch (step.kind) {
    case 'days': {
      const size = Math.abs(step.count);
      if (language === 'zh') return `${step.count > 0 ? '往后' : '往前'}推 ${size} 天`;
      return `Go ${size} days ${step.count > 0 ? 'forward' : 'back'}.`;
    }
    case 'weekday': {
      const name = at(weekdays[language], step.weekday);
      if (language === 'zh') return `到此后的第一个${name}（当天不算）`;
      return `Go to the next ${name} (not counting the day itself).`;
    }
    case 'month-end':
      return language === 'en' ? 'Go to the last day of that month.' : '到当月的最后一天';
    case 'first-of-next-month':
      return language === 'en' ? 'Go to the first day of the following month.' : '到下个月的第一天';
    case 'workdays':
      return language === 'en' ? `Go ${step.count} workdays forward.` : `往后推 ${step.count} 个工作日`;
  }
}

function sayDate(day: number, language: ExamLanguage): string {
  const weekday = at(weekdays[language], weekdayOf(day));
  const [year, month, date] = civilOf(day);
  return language === 'en' ? `${toIso(day)} (a ${weekday})` : `${year}年${month}月${date}日（${weekday}）`;
}

function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

function toIso(day: number): string {
  const [year, month, date] = civilOf(day);
  return `${year}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`;
}

/** Day number of a date of the Gregorian calendar; month 13 is January of the next year. */
function dayOf(year: number, month: number, date: number): number {
  const shifted = month > 12 ? { year: year + 1, month: month - 12 } : { year, month };
  // Years are counted from March, so that the leap day is the last of its year.
  const y = shifted.month <= 2 ? shifted.year - 1 : shifted.year;
  const m = (shifted.month + 9) % 12;
  const dayOfYear = Math.floor((153 * m + 2) / 5) + date - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719468;
}

function civilOf(day: number): readonly [year: number, month: number, date: number] {
  let year = 1970 + Math.floor(day / 365.2425);
  while (dayOf(year + 1, 1, 1) <= day) year++;
  while (dayOf(year, 1, 1) > day) year--;
  let month = 1;
  while (month < 12 && dayOf(year, month + 1, 1) <= day) month++;
  return [year, month, day - dayOf(year, month, 1) + 1];
}
