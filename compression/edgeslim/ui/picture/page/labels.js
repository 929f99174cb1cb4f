// Where words go on a picture: what changed chooses first, and the words of nothing else cover it.

/** Plates {left, top, right, bottom, words, box}. A box is {left, top, right, bottom, changed, words, ghost}; its
 * words are tried in turn, longest first. What finds no room is left to hovering, but a change keeps its sign. */
function placeLabels(boxes, frame, height, measure) {
  const changed = boxes.filter((box) => box.changed);
  const taken = [];
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const room = (plate) =>
    plate.left >= 0 && plate.top >= 0 && plate.right <= frame.width && plate.bottom <= frame.height &&
    !taken.some((other) => meet(plate, other));
  const covers = (plate, others, own) =>
    others.some((other) => other !== own && (meet(plate, other) || (other.ghost && meet(plate, other.ghost))));
  for (const box of [...changed, ...boxes.filter((one) => !one.changed)]) {
    const found =
      firstPlate(box, box.words, height, measure, (plate) => room(plate) && !covers(plate, boxes, box)) ??
      (box.changed
        ? firstPlate(box, box.words, height, measure, (plate) => room(plate) && !covers(plate, changed, box)) ??
          firstPlate(box, box.words.slice(-1), height, measure, room) // among changes the sign alone, at a corner
        : null);
    if (found) taken.push({ ...found, box });
  }
  return taken;
}

function firstPlate(box, choices, height, measure, fits) {
  for (const words of choices) {
    const width = measure(words);
    for (const [left, top] of spots(box, width, height)) {
      const plate = { left, top, right: left + width, bottom: top + height, words };
      if (fits(plate)) return plate;
    }
  }
  return null;
}

/** Outside first, above before below; inside only where the box is large enough to be seen all the same. */
function spots({ left, top, right, bottom }, width, height) {
  const outside = [
    [left, top - height], [left, bottom], [right - width, top - height], [right - width, bottom],
    [right, top], [left - width, top], [right, bottom - height], [left - width, bottom - height],
  ];
  const roomy = right - left > 1.5 * width && bottom - top > 3 * height;
  return roomy ? [...outside, [left, top], [left, bottom - height]] : outside;
}
