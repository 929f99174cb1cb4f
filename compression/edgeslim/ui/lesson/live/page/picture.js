// What all pictures share: their words, their layers, and that they are drawn once for each frame at most.

class Picture {
  constructor(root, { view, texts, words, language, budget }) {
    Object.assign(this, { root, view, language, budget });
    this.text = (name, values = {}) => texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
    this.word = (name) => words[name] ?? name;
    this.plots = [];
    this.build();
  }

  plot(...given) {
    const made = new Plot(...given);
    this.plots.push(made);
    return made;
  }

  /** After a change: everything is worked out and drawn with the next frame. */
  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.work();
      for (const plot of this.plots) plot.draw();
    });
  }

  /** Arrays with their numbers and, of their shape (out, in, height, width), the number of rows and of a kernel's cells. */
  read(arrays) {
    return arrays.map(({ name, shape, values }) => {
      const [out, into = 1, high = 1, wide = 1] = shape;
      return { name: this.word(name), shape, values: unpack(values), out, into, high, wide };
    });
  }

  shapeText(layer) {
    return layer.shape.join(" × ");
  }

  /** Where a weight sits, in words. */
  placeText(layer, index) {
    const kernel = layer.high * layer.wide;
    const [out, rest] = [Math.floor(index / (layer.into * kernel)), index % (layer.into * kernel)];
    const [into, cell] = [Math.floor(rest / kernel), rest % kernel];
    const names = { out: out + 1, into: into + 1, row: Math.floor(cell / layer.wide) + 1, column: (cell % layer.wide) + 1 };
    return this.text(kernel > 1 ? "place_in_kernel" : "place_in_matrix", names);
  }

  /** Buttons to the neighbours of what is chosen, of `count()` things; by whole rows as well, if there are any. */
  walker(count, get, set, row = null) {
    const button = (sign, name, by) => element("button", {
      type: "button", textContent: sign, "aria-label": this.text(name), title: this.text(name),
      onclick: () => set((get() + by() + count()) % count()),
    });
    const steps = [button("‹", "previous_weight", () => -1), button("›", "next_weight", () => 1)];
    if (row) steps.unshift(button("«", "previous_row", () => -row())), steps.push(button("»", "next_row", row));
    return element("div", { className: "walker" }, ...steps);
  }
}

/** The index of the value nearest to `wanted`. */
function nearest(values, wanted) {
  let found = 0;
  for (let k = 1; k < values.length; k++) if (Math.abs(values[k] - wanted) < Math.abs(values[found] - wanted)) found = k;
  return found;
}

/** Kernels side by side: (out, in) blocks of (high, wide) cells, the longer side across. */
class Kernels {
  constructor(picture, layer, chosen, choose) {
    Object.assign(this, { layer: layer(), current: layer, chosen, choose });
    this.plot = picture.plot((pen) => this.paint(pen), (width) => this.tall(width), { className: "picks" });
    this.plot.onPoint((x, y) => choose(this.at(x, y)), () => false);
  }

  /** The block grid: across, down, and the cell size in CSS pixels. */
  lay(width) {
    const { out, into, high, wide } = this.current();
    const turned = out * wide >= into * high;
    const [across, down] = turned ? [out, into] : [into, out];
    const gap = high * wide > 1 ? 0.34 : 0;
    return { turned, across, down, gap, cell: width / (across * (wide + gap)) };
  }

  tall(width) {
    const { down, gap, cell } = this.lay(width);
    return Math.min(cell * down * (this.current().high + gap), 15);
  }

  paint(pen) {
    const layer = this.current();
    const { turned, across, down, gap } = this.lay(pen.width);
    const cell = Math.min(pen.width / (across * (layer.wide + gap)), pen.height / (down * (layer.high + gap)));
    this.drawn = { turned, across, down, gap, cell };
    const [rows, columns, kernel] = [down * layer.high, across * layer.wide, layer.high * layer.wide];
    const colour = signed(pen, this.most ?? 1);
    const place = (k) => {
      const [row, column] = [Math.floor(k / columns), k % columns];
      const [blockRow, blockColumn] = [Math.floor(row / layer.high), Math.floor(column / layer.wide)];
      const [out, into] = turned ? [blockColumn, blockRow] : [blockRow, blockColumn];
      return (out * layer.into + into) * kernel + (row % layer.high) * layer.wide + (column % layer.wide);
    };
    if (gap === 0) {
      cells(pen, rows, columns, (k) => colour(this.value(place(k))), 0, 0, columns * cell, rows * cell);
    } else { // one picture of all cells, then the blocks of it
      const image = new ImageData(columns, rows);
      for (let k = 0; k < rows * columns; k++) image.data.set(colour(this.value(place(k))), 4 * k);
      const small = (this.canvas ??= new OffscreenCanvas(columns, rows));
      if (small.width !== columns || small.height !== rows) [small.width, small.height] = [columns, rows];
      small.getContext("2d").putImageData(image, 0, 0);
      pen.context.imageSmoothingEnabled = false;
      pen.context.fillStyle = pen.colour["secondary-background"];
      for (let r = 0; r < down; r++) {
        for (let c = 0; c < across; c++) {
          const [x, y, w, h] = [c * (layer.wide + gap) * cell, r * (layer.high + gap) * cell, layer.wide * cell, layer.high * cell];
          pen.context.fillRect(x, y, w, h);
          pen.context.drawImage(small, c * layer.wide, r * layer.high, layer.wide, layer.high, x, y, w, h);
        }
      }
    }
    const [x, y] = this.corner(this.chosen());
    pen.context.strokeStyle = pen.colour.text;
    pen.context.lineWidth = 2.5;
    pen.context.strokeRect(x - 1.5, y - 1.5, Math.max(cell, 4) + 3, Math.max(cell, 4) + 3);
  }

  corner(index) {
    const { into, high, wide } = this.current();
    const { turned, gap, cell } = this.drawn;
    const kernel = high * wide;
    const [out, rest] = [Math.floor(index / (into * kernel)), index % (into * kernel)];
    const [from, inside] = [Math.floor(rest / kernel), rest % kernel];
    const [row, column] = turned ? [from, out] : [out, from];
    return [(column * (wide + gap) + (inside % wide)) * cell, (row * (high + gap) + Math.floor(inside / wide)) * cell];
  }

  at(x, y) {
    const { into, high, wide } = this.current();
    const { turned, across, down, gap, cell } = this.drawn;
    const column = Math.min(Math.floor(x / ((wide + gap) * cell)), across - 1);
    const row = Math.min(Math.floor(y / ((high + gap) * cell)), down - 1);
    const inX = Math.min(Math.floor(x / cell - column * (wide + gap)), wide - 1);
    const inY = Math.min(Math.floor(y / cell - row * (high + gap)), high - 1);
    const [out, from] = turned ? [column, row] : [row, column];
    return ((out * into + from) * high + inY) * wide + inX;
  }
}
