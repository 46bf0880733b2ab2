/** Days of the Gregorian calendar without a clock. A day is a text like "2024-02-29". */

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days since the first of March of the year 0: with March first, the leap day ends the year. */
export function dayNumber(day: string): number {
  const match = /^(\d{4,6})-(\d{1,2})-(\d{1,2})$/.exec(day);
  const [year, month, date] = (match ?? []).slice(1).map(Number);
  if (year === undefined || month === undefined || date === undefined) {
    throw new TypeError(`expected a day like "2024-02-29", found ${day}`);
  }
  if (month < 1 || month > 12 || date < 1 || date > daysInMonth(year, month)) {
    throw new RangeError(`there is no day ${day}`);
  }
  const marchYear = month > 2 ? year : year - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const monthDays = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return marchYear * 365 + leapDays + monthDays + date - 1;
}

export function daysBetween(from: string, to: string): number {
  return dayNumber(to) - dayNumber(from);
}

export function weekday(day: string): string {
  const names = ['Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday', 'Monday', 'Tuesday'];
  return names[dayNumber(day) % 7] ?? '';
}

export function addDays(day: string, count: number): string {
  const wanted = dayNumber(day) + count;
  // The mean year is 365.2425 days, so the guess is at most one year off.
  let year = Math.floor(wanted / 365.2425) + 1;
  const text = (value: number, length: number): string => String(value).padStart(length, '0');
  while (dayNumber(`${text(year, 4)}-01-01`) > wanted) year -= 1;
  let rest = wanted - dayNumber(`${text(year, 4)}-01-01`);
  let month = 1;
  while (rest >= daysInMonth(year, month)) {
    rest -= daysInMonth(year, month);
    month += 1;
    if (month === 13) [year, month] = [year + 1, 1];
  }
  return `${text(year, 4)}-${text(month, 2)}-${text(rest + 1, 2)}`;
}
