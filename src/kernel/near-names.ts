/** Names near a mistyped one, for "did you mean": a wrong name should cost the caller one more try, not a search. */

/**
 * At most `limit` of `names`, nearest first. Near: an edit distance of at most a third of the longer
 * name, or one contains the other. Ties keep the order of `names`. Only the first 200 characters count.
 */
export function nearNames(wanted: string, names: readonly string[], limit = 3): readonly string[] {
  const target = wanted.slice(0, 200).toLowerCase();
  const scored: { readonly name: string; readonly distance: number }[] = [];
  for (const name of names) {
    const candidate = name.slice(0, 200).toLowerCase();
    const distance = editDistance(target, candidate);
    const contains = target.length > 2 && (candidate.includes(target) || target.includes(candidate));
    if (contains || distance <= Math.max(target.length, candidate.length) / 3)
      scored.push({ name, distance });
  }
  return scored
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map((each) => each.name);
}

/** Levenshtein distance over UTF-16 units. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substituted, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
