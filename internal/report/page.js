"use strict";
const table = document.getElementById("buckets");
const rows = [...table.tBodies[0].rows];
const heads = [...table.tHead.rows[0].cells];
heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
  // What is looked for comes first: large numbers, and names from A.
  const first = head.classList.contains("n") ? "descending" : "ascending";
  const up = head.getAttribute("aria-sort") !== first;
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up ? first : first === "ascending" ? "descending" : "ascending");
  const rank = (row) => Number(row.cells[column].dataset.rank);
  const sorted = [...rows].sort((a, b) => (up ? 1 : -1) * (rank(a) - rank(b)));
  table.tBodies[0].append(...sorted);
}));
const stacks = [...document.querySelectorAll("details")];
const texts = rows.map((row) => (row.textContent + " " + document.getElementById(row.dataset.stack).textContent).toLowerCase());
const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, i) => {
    const hit = words.every((word) => texts[i].includes(word));
    row.hidden = !hit;
    document.getElementById(row.dataset.stack).hidden = !hit;
    shown += hit ? 1 : 0;
  });
  document.getElementById("shown").textContent = shown + " of " + rows.length + " buckets";
});
table.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (link) {
    event.preventDefault(); // it would move the focus to the top of the page
    const stack = document.getElementById(link.hash.slice(1));
    stack.open = true;
    stack.scrollIntoView();
    stack.firstChild.focus();
  }
});
document.getElementById("open").addEventListener("click", () => stacks.forEach((stack) => { stack.open = true; }));
document.getElementById("close").addEventListener("click", () => stacks.forEach((stack) => { stack.open = false; }));
