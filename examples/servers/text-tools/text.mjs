// Word counting, apart from the protocol so that it can be read and tested on its own.

const word = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;

/** Words, Unicode code points and lines of a text; a final newline does not open another line. */
export function countWords(text) {
  const lines = text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return { words: text.match(word)?.length ?? 0, characters: [...text].length, lines };
}

/** The most frequent words in lower case, by count and then alphabetically. */
export function topWords(text, limit) {
  const counts = new Map();
  for (const found of text.toLowerCase().match(word) ?? []) {
    counts.set(found, (counts.get(found) ?? 0) + 1);
  }
  const byCountThenName = ([a, m], [b, n]) => n - m || (a < b ? -1 : 1);
  return {
    distinct: counts.size,
    top: [...counts].sort(byCountThenName).slice(0, limit).map(([name, count]) => ({ word: name, count })),
  };
}
