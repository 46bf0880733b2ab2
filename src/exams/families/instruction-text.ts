/** Makes texts with countable features, from which the instruction family reads its conditions. */
import { at, integerBetween, pickOne, range } from '../dice.ts';
import type { ExamLanguage } from '../family.ts';
import type { RandomSource } from '../../kernel/random.ts';

export interface MadeText {
  readonly text: string;
  /** The words of each line, without the line's start and end. */
  readonly lines: readonly (readonly string[])[];
  readonly prefix: Prefix;
  /** The mark at the end of each line. */
  readonly mark: string;
}

export type Prefix = 'none' | 'dash' | 'number';

export const plainWords: Readonly<Record<ExamLanguage, readonly string[]>> = {
  en: (
    'apple bridge candle desert evening forest garden harbour island jacket kitchen lantern market number orange ' +
    'pencil quiet river silver table umbrella valley window yellow zebra autumn basket copper dinner engine flower ' +
    'golden hidden insect journey kettle letter mirror narrow ocean paper rabbit summer tunnel useful village winter ' +
    'young anchor butter circle distant early friend gentle honest iron'
  ).split(' '),
  zh: (
    '春天 夏夜 秋风 冬雪 高山 流水 森林 花园 小桥 灯光 书本 铅笔 河岸 海边 城市 乡村 早晨 黄昏 朋友 老师 学生 火车 飞机 单车 ' +
    '苹果 葡萄 茶杯 饭桌 窗户 木门 白云 蓝天 星空 月亮 太阳 雨伞 邮局 图书 音乐 画家 故事 历史 温暖 安静 明亮 清凉 古老 年轻'
  ).split(' '),
};

const marks: Readonly<Record<ExamLanguage, readonly string[]>> = {
  en: ['.', '!', ';'],
  zh: ['。', '！', '；'],
};

/** A text of 2 to 8 lines with the same number of words in each. */
export function createText(random: RandomSource, language: ExamLanguage, rung: number): MadeText {
  const lineCount = integerBetween(random, 2, 4 + Math.min(rung, 4));
  const wordCount = integerBetween(random, 3, 5 + Math.min(rung, 4));
  const prefix = pickOne<Prefix>(random, ['none', 'dash', 'number']);
  const mark = pickOne(random, marks[language]);
  // A small vocabulary makes words recur, so that "exactly twice" is a condition with a point.
  const vocabulary = range(8 + rung).map(() => pickOne(random, plainWords[language]));
  const lines = range(lineCount).map(() => range(wordCount).map(() => pickOne(random, vocabulary)));
  const text = lines
    .map((words, index) => `${startOf(prefix, index)}${words.join(language === 'en' ? ' ' : '')}${mark}`)
    .join('\n');
  return { text, lines, prefix, mark };
}

/** How a line begins: nothing, `- ` or `3. `. */
export function startOf(prefix: Prefix, index: number): string {
  return at(['', '- ', `${index + 1}. `], ['none', 'dash', 'number'].indexOf(prefix));
}
