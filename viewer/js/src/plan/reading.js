/** Numbers as people type them. */

const LETTERS = { R: { L: -1, R: 1 }, A: { A: 1, P: -1 }, S: { S: 1, I: -1 } };

/**
 * "12.5", "−12,5", "L 12.5" (of the axis R) as a number; else a sentence that says what is wrong.
 * @param {string} text @param {{axis: string, unit: string}} of
 * @returns {{value: number, fault?: undefined} | {value?: undefined, fault: string}}
 */
export function readNumber(text, { axis, unit }) {
  const letters = LETTERS[axis] ?? {};
  const plain = text.trim().toUpperCase().replace(/[−–]/g, "-").replace(",", ".");
  const found = /^([A-Z])?\s*([+-]?\d*\.?\d+|\d+\.)\s*([A-Z])?\s*(MM|°|DEG)?$/.exec(
    plain.replace(/\s*(MM|°|DEG)$/, ""),
  );
  const letter = found?.[1] ?? found?.[3];
  const value = found ? Number(found[2]) : NaN;
  const example = Object.keys(letters).length
    ? ` such as 12.50 or ${Object.keys(letters)[0]} 12.50`
    : " such as 12.50";
  if (!Number.isFinite(value))
    return { fault: `${axis} is a number of ${named(unit)},${example}.` };
  if (letter && !(letter in letters)) {
    const known = Object.keys(letters).join(" or ");
    return {
      fault: known
        ? `The side on this axis is ${known}, not ${letter}.`
        : `${axis} has no side: type the number alone.`,
    };
  }
  if (letter && value < 0)
    return { fault: `Type a side or a minus, not both: ${letter} ${-value}, or ${value}.` };
  const made = letter ? letters[letter] * value : value;
  if (unit === "mm" && Math.abs(made) > 500)
    return { fault: `${axis} lies ${Math.abs(made)} mm away, outside of any head.` };
  return { value: made };
}

const named = (unit) => ({ mm: "millimetres", "°": "degrees" })[unit] ?? unit;
