/**
 * The values of the `format` keyword that a grammar can hold to, as regular expressions. Each allows only
 * texts that its specification allows; rare spellings (leap seconds, quoted mail names, lower-case "t" in
 * a time) are left out. A format that is not here is an annotation, as JSON Schema 2020-12 says.
 */

/**
 * The regular expression of a format. With a `maxLength` it may leave out long texts early, so that holding
 * to the length as well does not need a huge automaton.
 */
export function formatPattern(name: string, maxLength: number | undefined): string | undefined {
  const source = formats.get(name);
  return typeof source === 'function' ? source(maxLength) : source;
}

const day28 = '(0[1-9]|1\\d|2[0-8])';
const leapYear = '(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)';
const date = `(\\d{4}-((0[13578]|1[02])-(${day28}|29|30|31)|(0[469]|11)-(${day28}|29|30)|02-${day28})|${leapYear}-02-29)`;
const clock = '([01]\\d|2[0-3]):[0-5]\\d';
const time = `${clock}:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]${clock})`;

const seconds = '\\d{1,9}S';
const minutes = `\\d{1,9}M(${seconds})?`;
const hours = `\\d{1,9}H(${minutes})?`;
const timePart = `T(${hours}|${minutes}|${seconds})`;
const days = '\\d{1,9}D';
const months = `\\d{1,9}M(${days})?`;
const years = `\\d{1,9}Y(${months})?`;
const duration = `P((${years}|${months}|${days})(${timePart})?|${timePart}|\\d{1,9}W)`;

const mailAtom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]";
const shortLabel = '[A-Za-z0-9]([A-Za-z0-9-]{0,28}[A-Za-z0-9])?';
const anyLabel = '[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?';

/** Labels of at most 30 characters (63 are allowed), as many as fit into the length or into the limit of 253. */
function hostname(maxLength: number | undefined): string {
  const labels = Math.min(8, Math.floor(((maxLength ?? 253) + 1) / 31));
  return labels < 2 ? `${anyLabel}(\\.${anyLabel})*` : `${shortLabel}(\\.${shortLabel}){0,${labels - 1}}`;
}

/** At most 64 characters, an at sign, 4 labels and a top level: 213 characters altogether. */
function email(maxLength: number | undefined): string {
  return (maxLength ?? 213) < 213
    ? `${mailAtom}+(\\.${mailAtom}+)*@(${anyLabel}\\.)+[A-Za-z]{2,}`
    : `(${mailAtom}|${mailAtom}(${mailAtom}|\\.${mailAtom}){1,31})@(${shortLabel}\\.){1,4}[A-Za-z]{2,24}`;
}

const byte = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const group = '[0-9A-Fa-f]{1,4}';
const ipv6 = [
  `(${group}:){7}${group}`,
  `(${group}:){1,7}:`,
  ...[1, 2, 3, 4, 5].map((after) => `(${group}:){1,${7 - after}}(:${group}){1,${after}}`),
  `${group}:(:${group}){1,6}`,
  `:((:${group}){1,7}|:)`,
].join('|');

const pathChar = "([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const hostChar = "([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})";
const authority = `//${hostChar}+(:\\d{1,5})?`;
const path = `(/${pathChar}*)*`;
const tail = `(\\?(${pathChar}|[/?])*)?(#(${pathChar}|[/?])*)?`;
const uri = `[A-Za-z][A-Za-z0-9+.-]{0,31}:(${authority}${path}|${pathChar}+${path}|/)${tail}`;
/** A relative reference: what comes before its first slash holds no colon. */
const relative = `(${authority}${path}|${hostChar}+${path}|/(${pathChar}+${path})?)?${tail}`;
const webLabel = '[a-z0-9]+(-[a-z0-9]+)*';
const url = `https?://(${webLabel}\\.){1,6}[a-z]{2,24}(:\\d{2,5})?(/(${pathChar}|[/?])*)?`;

const hex = '[0-9A-Fa-f]';
const uuid = `${hex}{8}-(${hex}{4}-){3}${hex}{12}`;
const pointer = '(/([^~/]|~[01])*)*';
const base64 = '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?';

const formats: ReadonlyMap<string, string | ((maxLength: number | undefined) => string)> = new Map(
  Object.entries({
    date,
    time,
    'date-time': `${date}T${time}`,
    'iso-time': time,
    'iso-date-time': `${date}T${time}`,
    duration,
    uuid,
    email,
    'idn-email': email,
    hostname,
    'idn-hostname': hostname,
    ipv4: `(${byte}\\.){3}${byte}`,
    ipv6,
    uri,
    iri: uri,
    url,
    'uri-reference': `(${uri}|${relative})`,
    'iri-reference': `(${uri}|${relative})`,
    // A template may not hold the apostrophe that a URI may.
    'uri-template': uri.replaceAll("'", ''),
    'json-pointer': pointer,
    'relative-json-pointer': `(0|[1-9]\\d{0,8})(#|${pointer})`,
    byte: base64,
  }),
);
