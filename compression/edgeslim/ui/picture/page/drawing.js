// Boxes on a canvas. A state is told three times: by colour, by the style of its line, by its sign.

const INK = "#10201c";
// Okabe and Ito's palette, which colour-blind people tell apart; what did not change stays quiet.
const STYLES = {
  plain: { color: "#f4f7f6", sign: "", width: 1.5, dash: [] },
  kept: { color: "#f4f7f6", sign: "=", width: 1.5, dash: [] },
  moved: { color: "#56b4e9", sign: "~", width: 2.5, dash: [] },
  relabelled: { color: "#e08fc0", sign: "»", width: 2.5, dash: [10, 3, 2, 3] },
  lost: { color: "#f4713c", sign: "−", width: 2.5, dash: [7, 5] },
  gained: { color: "#f0e442", sign: "+", width: 3.5, dash: [] },
  right: { color: "#2fd1a0", sign: "✓", width: 1.5, dash: [] },
  wrong: { color: "#e08fc0", sign: "×", width: 2.5, dash: [10, 3, 2, 3] },
  missed: { color: "#f4713c", sign: "○", width: 2.5, dash: [7, 5] },
  unjudged: { color: "#b9c4c0", sign: "·", width: 1, dash: [2, 3] },
  none: { color: "transparent", sign: "", width: 0, dash: [] },
};

/** How picture pixels become pixels of a canvas; `camera` is {zoom, x, y}, its middle as a share of the picture. */
function projection(scene, size, camera) {
  const scale = (size.width / scene.width) * camera.zoom;
  const dx = size.width / 2 - camera.x * scene.width * scale;
  const dy = size.height / 2 - camera.y * scene.height * scale;
  const rect = ([x0, y0, x1, y1]) => ({
    left: x0 * scale + dx, top: y0 * scale + dy, right: x1 * scale + dx, bottom: y1 * scale + dy,
  });
  return { scale, dx, dy, rect };
}

/** The camera on what a picture is shown for, with as much around it as helps to tell what it is. */
function closeUp({ focus, width, height }) {
  if (!focus) return WHOLE;
  const [x0, y0, x1, y1] = focus.box;
  const side = Math.max(1.7 * Math.max(x1 - x0, y1 - y0), 0.08 * width);
  return { zoom: width / side, x: (x0 + x1) / 2 / width, y: (y0 + y1) / 2 / height };
}

/** A pen that draws in CSS pixels, on a canvas as fine as the screen. */
function penOf(canvas, size) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const [across, down] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.imageSmoothingEnabled = true; // also pictures of 8×8 pixels
  pen.imageSmoothingQuality = "high";
  return pen;
}

function drawPicture(pen, scene, image, place) {
  pen.drawImage(image, place.dx, place.dy, scene.width * place.scale, scene.height * place.scale);
}

/** The picture without colour and dark, but where something changed. */
function drawSpots(pen, scene, image, size, place, marks) {
  drawPicture(pen, scene, image, place);
  pen.save();
  pen.globalCompositeOperation = "saturation";
  pen.fillStyle = "#808080";
  pen.fillRect(0, 0, size.width, size.height);
  pen.globalCompositeOperation = "source-over";
  pen.fillStyle = "rgb(8 16 14 / 0.55)";
  pen.fillRect(0, 0, size.width, size.height);
  pen.beginPath();
  for (const { rect, ghost } of marks) {
    for (const one of ghost ? [rect, ghost] : [rect]) {
      pen.rect(one.left, one.top, one.right - one.left, one.bottom - one.top);
    }
  }
  pen.clip();
  drawPicture(pen, scene, image, place);
  pen.restore();
}

/** Marks are {state, rect, ghost, words, selected}; what changed is drawn last, over all else. Where one is
 * `chosen`, the others are pale; in a small picture only changes have words. */
function drawMarks(pen, marks, size, font, chosen) {
  const changed = (mark) => !UNCHANGED.has(mark.state);
  const ordered = [...marks].sort((a, b) => changed(a) - changed(b));
  const pale = (mark) => (chosen && !mark.selected ? 0.3 : 1);
  for (const mark of ordered) {
    const style = STYLES[mark.state];
    pen.globalAlpha = pale(mark);
    if (mark.ghost) strokeBox(pen, mark.ghost, { ...style, width: 1.25, dash: [2, 4] });
    strokeBox(pen, mark.rect, style);
  }
  const small = size.width < 260;
  pen.font = `600 ${small ? 11 : 12.5}px ${font}`;
  pen.textBaseline = "middle";
  const boxes = ordered.map((mark) => ({
    ...mark.rect,
    ghost: mark.ghost,
    changed: changed(mark),
    words: !small ? mark.words : changed(mark) ? mark.words.slice(-2) : [],
    mark,
  }));
  const height = small ? 16 : 19;
  const plates = placeLabels(boxes, size, height, (words) => pen.measureText(words).width + 10);
  for (const { left, top, right, words, box } of plates) {
    pen.globalAlpha = pale(box.mark);
    pen.fillStyle = STYLES[box.mark.state].color;
    pen.beginPath();
    pen.roundRect(left, top, right - left, height, 3);
    pen.fill();
    pen.fillStyle = INK;
    pen.fillText(words, left + 5, top + height / 2 + 0.5);
  }
  pen.globalAlpha = 1;
}

/** Words in the middle of a picture without marks. */
function drawNote(pen, words, size, font) {
  pen.font = `600 15px ${font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const half = Math.min(pen.measureText(words).width / 2 + 12, size.width / 2);
  pen.fillStyle = INK;
  pen.beginPath();
  pen.roundRect(size.width / 2 - half, size.height / 2 - 16, 2 * half, 32, 4);
  pen.fill();
  pen.fillStyle = "#ffffff";
  pen.fillText(words, size.width / 2, size.height / 2, size.width - 16);
  pen.textAlign = "start";
}

/** With a dark rim, so that it shows on bright and on dark ground alike. */
function strokeBox(pen, rect, { color, width, dash }) {
  for (const [ink, thickness] of [["rgb(8 16 14 / 0.7)", width + 2], [color, width]]) {
    pen.strokeStyle = ink;
    pen.lineWidth = thickness;
    pen.setLineDash(dash);
    pen.strokeRect(rect.left, rect.top, Math.max(1, rect.right - rect.left), Math.max(1, rect.bottom - rect.top));
  }
  pen.setLineDash([]);
}
