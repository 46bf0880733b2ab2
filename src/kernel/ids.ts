/** Ids that sort by time and name what they stand for: `resp_0mb2…`. The maker is an argument everywhere. */
import type { Clock } from './clock.ts';
import type { RandomSource } from './random.ts';

export type IdPrefix =
  | 'resp'
  | 'chatcmpl'
  | 'cmpl'
  | 'msg'
  | 'rs'
  | 'fc'
  | 'call'
  | 'conv'
  | 'run'
  | 'req'
  | 'key'
  | 'exam';

export interface IdSource {
  create(prefix: IdPrefix): string;
}

const digits = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Ids of 9 time digits (base 36, sortable until the year 5188) and 16 random ones (82 bits). */
export function createIdSource(clock: Clock, random: RandomSource): IdSource {
  return {
    create(prefix) {
      let tail = '';
      for (let i = 0; i < 16; i++) tail += digits[Math.floor(random.next01() * 36)];
      return `${prefix}_${Math.trunc(clock.nowMs()).toString(36).padStart(9, '0')}${tail}`;
    },
  };
}
