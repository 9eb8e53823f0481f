"use strict";
(() => {
  const root = document.documentElement;
  const THEME_KEY = "neurosig-theme";

  const remember = (theme) => {
    try { localStorage.setItem(THEME_KEY, theme); } catch { /* private mode: not remembered */ }
  };
  const remembered = () => {
    try { return localStorage.getItem(THEME_KEY); } catch { return null; }
  };
  const applyTheme = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  // before the first paint, so that a dark page does not flash white
  applyTheme(remembered());

  const setUpTheme = () => {
    const group = document.querySelector(".theme");
    const current = root.dataset.theme || "auto";
    for (const radio of group.querySelectorAll("input")) {
      radio.checked = radio.value === current;
      radio.addEventListener("change", () => {
        applyTheme(radio.value);
        remember(radio.value);
      });
    }
    group.hidden = false;
  };

  // a cell's value for sorting: the full number where the shown one is rounded
  const sortValue = (cell, isNumber) => {
    const text = cell.dataset.v ?? cell.textContent.trim();
    if (!isNumber) return text;
    const number = { inf: Infinity, "-inf": -Infinity }[text] ?? parseFloat(text);
    return Number.isNaN(number) ? "" : number;
  };
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const compare = (a, b, sign) => {
    if (a === "" || b === "") return (a === "") - (b === ""); // missing values stay last
    return sign * (typeof a === "number" ? a - b : collator.compare(a, b));
  };

  const sortBy = (table, head) => {
    const isDescending = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    const sign = isDescending ? -1 : 1;
    const isNumber = head.classList.contains("n");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => [
      sortValue(row.cells[head.cellIndex], isNumber), row,
    ]);
    rows.sort((a, b) => compare(a[0], b[0], sign));
    body.append(...rows.map((pair) => pair[1]));
  };

  const plain = (text) => text.toLowerCase().replaceAll("\u2212", "-");

  const setUpFilter = (item) => {
    const box = item.querySelector(".filter");
    const table = item.querySelector("table");
    if (!box || !table) return;
    const output = box.querySelector("output");
    const rows = Array.from(table.tBodies[0].rows);
    let texts = null;
    box.querySelector("input").addEventListener("input", (event) => {
      texts ??= rows.map((row) => plain(Array.from(row.cells, (c) => c.textContent).join(" ")));
      const words = plain(event.target.value).split(/\s+/).filter(Boolean);
      let nShown = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every((word) => texts[i].includes(word));
        nShown += !row.hidden;
      });
      output.textContent = words.length
        ? `${nShown} of ${rows.length} rows` : `${rows.length} rows`;
    });
    box.hidden = false;
  };

  // of the columns that stay in sight each begins where the one before it ends
  const setUpKeys = (table) => {
    const heads = ["th.key", "th.key-2", "th.key-3"].map((name) => table.querySelector(name));
    const place = () => {
      let left = 0;
      heads.forEach((head, i) => {
        if (!head) return;
        table.style.setProperty(`--key-${i + 1}-left`, `${left}px`);
        left += head.getBoundingClientRect().width;
      });
    };
    const observer = new ResizeObserver(place);
    for (const head of heads) if (head) observer.observe(head);
  };

  // on a narrow screen a figure shrinks to what can still be read and is scrolled then
  const SMALLEST = 0.75;
  const setUpFigure = (svg) => {
    svg.style.maxWidth = `max(100%, ${SMALLEST * svg.width.baseVal.value}px)`;
  };

  const setUpClips = () => {
    document.addEventListener("click", (event) => {
      const clip = event.target.closest(".clip");
      if (clip) clip.ariaExpanded = clip.ariaExpanded === "true" ? "false" : "true";
    });
  };

  // mark in the contents what is being read
  const setUpContents = () => {
    const nav = document.querySelector(".contents");
    if (!nav) return;
    const details = nav.querySelector("details");
    const isWide = matchMedia("(min-width: 75rem)");
    const fold = () => { details.open = isWide.matches; };
    isWide.addEventListener("change", fold);
    fold();
    const links = new Map(
      Array.from(nav.querySelectorAll("a"), (a) => [a.getAttribute("href").slice(1), a]),
    );
    const parts = Array.from(links.keys(), (id) => document.getElementById(id)).filter(Boolean);
    const mark = () => {
      const line = innerHeight * 0.3;
      const read = parts.filter((part) => part.getBoundingClientRect().top <= line).pop();
      for (const [id, link] of links) {
        if (read && read.id === id) link.setAttribute("aria-current", "location");
        else link.removeAttribute("aria-current");
      }
    };
    let isQueued = false;
    addEventListener("scroll", () => {
      if (isQueued) return;
      isQueued = true;
      requestAnimationFrame(() => { isQueued = false; mark(); });
    }, { passive: true });
    mark();
  };

  const openForPrint = () => {
    let closed = [];
    addEventListener("beforeprint", () => {
      closed = Array.from(document.querySelectorAll("#provenance details:not([open]), .notice details:not([open])"));
      for (const details of closed) details.open = true;
    });
    addEventListener("afterprint", () => { for (const details of closed) details.open = false; });
  };

  document.addEventListener("DOMContentLoaded", () => {
    setUpTheme();
    setUpContents();
    openForPrint();
    setUpClips();
    for (const svg of document.querySelectorAll(".canvas svg")) setUpFigure(svg);
    for (const table of document.querySelectorAll("table")) {
      setUpKeys(table);
      table.tHead.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button) sortBy(table, button.closest("th"));
      });
    }
    for (const item of document.querySelectorAll(".item")) setUpFilter(item);
  });
})();
