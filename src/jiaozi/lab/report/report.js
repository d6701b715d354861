// Draws the report's plots from the numbers that stand in the page. The tables say the same without it.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("plots").textContent);
  const css = getComputedStyle(document.documentElement);
  const token = (name) => css.getPropertyValue(name).trim();
  const INK = token("--ink"), INK2 = token("--ink-2"), LINE = token("--line");
  const COLOURS = [1, 2, 3, 4, 5, 6].map((n) => token(`--v${n}`));
  const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2], [12, 4]];
  const PARTS = { issued: ["发放 granted", "#0b57a4"], used: ["使用 used", "#1a6b3c"], lapsed: ["过期 expired", "#a1261b"] };
  const FATES = { FULL: "#1a6b3c", CUT_HOLDER: "#6fb1ee", CUT_POOL: "#f0a83c", NONE_HOLDER: "#0b57a4", NONE_POOL: "#b35c00", BY_HAND: "#7b3fa0", REFUSED: "#aeb4bc" };
  const colour = (place) => COLOURS[place % COLOURS.length];
  const narrow = () => document.documentElement.clientWidth < 640;
  const thousands = (value) => Number(value).toLocaleString("zh-CN", { maximumFractionDigits: 2 });

  const text = { fontFamily: css.getPropertyValue("--font-text"), color: INK };
  const base = () => ({
    animation: false,
    textStyle: text,
    aria: { enabled: false },
    legend: { top: 0, left: 0, textStyle: { color: INK }, itemWidth: 22, itemHeight: 10 },
    tooltip: { trigger: "axis", confine: true, textStyle: { color: INK, fontSize: 13 }, valueFormatter: thousands },
  });
  const axis = (name, more) => ({
    name, nameTextStyle: { color: INK2, align: "left" }, axisLabel: { color: INK2, hideOverlap: true },
    axisLine: { lineStyle: { color: LINE } }, splitLine: { lineStyle: { color: LINE } }, ...more,
  });

  // A band is two lines that nobody sees, one on the other: its lower edge, and its height filled.
  const band = (name, lines, ink, dash, stack) => [
    { name: `${name} 5%`, type: "line", data: lines.low, stack, symbol: "none", lineStyle: { opacity: 0 }, tooltip: { show: false }, silent: true },
    { name: `${name} 95%`, type: "line", data: lines.high.map((high, n) => Math.round((high - lines.low[n]) * 100) / 100), stack, symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: ink, opacity: 0.16 }, tooltip: { show: false }, silent: true },
    { name, type: "line", data: lines.median, symbol: "none", itemStyle: { color: ink }, lineStyle: { color: ink, width: 2.5, type: dash } },
  ];
  const drawn = [];
  const draw = (id, option) => {
    const place = document.getElementById(id);
    if (!place) return;
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption(option());
    drawn.push([chart, option]);
  };

  draw("plot-left", () => {
    const longest = Math.max(0, ...data.left.map((one) => one.weeks.median.length));
    return {
      ...base(),
      legend: { ...base().legend, data: data.left.map((one) => one.name) },
      grid: { left: 44, right: 16, top: narrow() ? 84 : 56, bottom: 40 },
      xAxis: axis("", { type: "category", boundaryGap: false, data: ["起", ...Array.from({ length: longest }, (_, n) => `第${n + 1}周`)], axisLabel: { color: INK2, interval: Math.ceil(longest / (narrow() ? 4 : 13)) - 1 } }),
      yAxis: axis("剩余 left %", { type: "value", min: 0, max: 100 }),
      series: data.left.flatMap((one, n) => {
        const full = { low: [100, ...one.weeks.low], median: [100, ...one.weeks.median], high: [100, ...one.weeks.high] };
        return band(one.name, full, colour(one.version), DASHES[n % DASHES.length], `left-${n}`);
      }),
    };
  });

  data.burn.forEach((one, n) => draw(`plot-burn-${n}`, () => {
    const series = Object.entries(PARTS).flatMap(([key, [name, ink]], place) => band(name, one[key], ink, DASHES[place], key));
    if (one.limit !== null) {
      series[2].markLine = { symbol: "none", silent: true, data: [{ yAxis: one.limit }], lineStyle: { color: INK2, type: "dashed" }, label: { position: "insideEndTop", color: INK2, formatter: `总额 pool ${thousands(one.limit)} 万元` } };
    }
    const highest = Math.max(one.limit || 0, ...one.issued.high);
    return {
      ...base(),
      legend: { ...base().legend, data: Object.values(PARTS).map(([name]) => name) },
      grid: { left: 56, right: 16, top: narrow() ? 70 : 52, bottom: 40 },
      xAxis: axis("", { type: "category", boundaryGap: false, data: one.dates }),
      yAxis: axis("万元", { type: "value", min: 0, max: Math.ceil(highest * 1.1), axisLabel: { color: INK2, formatter: (value) => thousands(Math.round(value)), showMaxLabel: false } }),
      series,
    };
  }));

  for (const by of ["class", "size"]) draw(`plot-${by}`, () => {
    const one = data.groups[by];
    const bars = [{ name: "占需求 of need", type: "bar", data: one.need, itemStyle: { color: "#c3c9d1" } }];
    one.granted.forEach((share, n) => bars.push({ name: data.versions[n].zh, type: "bar", data: share, itemStyle: { color: colour(n) } }));
    return {
      ...base(),
      tooltip: { ...base().tooltip, valueFormatter: (value) => `${value}%` },
      grid: { left: 8, right: 24, top: 56, bottom: 24, containLabel: true },
      xAxis: axis("%", { type: "value", min: 0 }),
      yAxis: axis("", { type: "category", inverse: true, data: one.names, splitLine: { show: false }, axisLabel: { color: INK, interval: 0, width: narrow() ? 84 : 150, overflow: "break" } }),
      series: bars.map((bar) => ({ ...bar, barGap: "10%", barCategoryGap: "30%" })),
    };
  });

  draw("plot-fates", () => {
    const totals = data.fates.values.map((row) => row.reduce((sum, one) => sum + one, 0) || 1);
    const share = (row, place) => Math.round((data.fates.values[row][place] / totals[row]) * 1000) / 10;
    return {
      ...base(),
      tooltip: { ...base().tooltip, trigger: "item", valueFormatter: (value) => `${value}%` },
      grid: { left: 8, right: 24, top: narrow() ? 116 : 72, bottom: 24, containLabel: true },
      xAxis: axis("", { type: "value", min: 0, max: 100, axisLabel: { color: INK2, formatter: "{value}%" } }),
      yAxis: axis("", { type: "category", inverse: true, data: data.versions.map((one) => one.zh), splitLine: { show: false }, axisLabel: { color: INK } }),
      series: data.fates.names.map((name, place) => ({
        name, type: "bar", stack: "all", barWidth: "55%", itemStyle: { color: FATES[data.fates.keys[place]], borderColor: "#fff", borderWidth: 1 },
        label: { show: true, color: ["CUT_HOLDER", "CUT_POOL", "REFUSED"].includes(data.fates.keys[place]) ? INK : "#fff", formatter: (one) => (one.value >= 6 ? `${one.value}%` : "") },
        data: data.versions.map((_, row) => share(row, place)),
      })),
    };
  });

  draw("plot-lorenz", () => {
    const step = (line) => line.map((value, n) => [(100 * n) / (line.length - 1), Math.round(value * 10) / 10]);
    return {
      ...base(),
      grid: { left: 48, right: 20, top: 56, bottom: 48 },
      tooltip: { ...base().tooltip, valueFormatter: (value) => `${value}%` },
      xAxis: axis("主体累计 receivers %", { type: "value", min: 0, max: 100, nameLocation: "middle", nameGap: 28, nameTextStyle: { color: INK2, align: "center" } }),
      yAxis: axis("金额累计 money %", { type: "value", min: 0, max: 100 }),
      series: [
        { name: "完全平均 even", type: "line", symbol: "none", data: [[0, 0], [100, 100]], lineStyle: { color: INK2, width: 1, type: "dotted" }, itemStyle: { color: INK2 } },
        ...data.lorenz.map((line, n) => ({ name: data.versions[n].zh, type: "line", symbol: "none", data: step(line), itemStyle: { color: colour(n) }, lineStyle: { color: colour(n), width: 2.5, type: DASHES[n % DASHES.length] } })),
      ],
    };
  });

  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => drawn.forEach(([chart, option]) => { chart.resize(); chart.setOption(option(), true); }));
  });
  document.documentElement.dataset.drawn = String(drawn.length);
})();
