/* Draws what stands in data-plot when it comes into sight; the table beneath says the same, so nothing is lost without. */
(() => {
  "use strict";
  const library = document.currentScript.dataset.echarts;
  const plots = [...document.querySelectorAll("[data-plot]")];
  if (!plots.length || !("IntersectionObserver" in window)) return;
  let loading;
  const load = () => (loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = library;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  }));

  /* Words and money, in the page's language. */
  const locale = document.documentElement.lang.startsWith("en") ? "en" : "zh-CN";
  const FEN_PER_YUAN = 100, YUAN_PER_WAN = 10000;
  const money = (fen) => (fen == null ? "—" : (fen / FEN_PER_YUAN).toLocaleString(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
  const short = (fen) => {
    const yuan = fen / FEN_PER_YUAN;
    if (locale === "en") return yuan.toLocaleString("en", { notation: "compact", maximumFractionDigits: 2 });
    return yuan >= YUAN_PER_WAN ? `${(yuan / YUAN_PER_WAN).toLocaleString("zh-CN", { maximumFractionDigits: 2 })}万` : yuan.toLocaleString("zh-CN", { maximumFractionDigits: 2 });
  };
  const hour = (text) => {
    const told = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(new Date(text));
    const part = (type) => told.find((one) => one.type === type).value;
    return `${part("month")}-${part("day")} ${part("hour")}:${part("minute")}`;
  };

  /* What all kinds have in common, from the tokens of the scheme that holds. */
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const type = (ink = "--ink-2") => ({ color: token(ink), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 0.8125 * parseFloat(getComputedStyle(document.documentElement).fontSize) });
  const axis = (more) => ({
    nameTextStyle: type(), axisLine: { lineStyle: { color: token("--control-line") } }, splitLine: { lineStyle: { color: token("--line") } },
    ...more, axisLabel: { ...type(), hideOverlap: true, ...more.axisLabel },
  });
  const purse = (plot, more) => axis({ type: "value", name: plot.unit, nameTextStyle: { ...type(), align: "left" }, axisLabel: { formatter: short }, ...more });
  const tooltip = (more) => ({ renderMode: "richText", confine: true, backgroundColor: token("--surface"), borderColor: token("--control-line"), textStyle: type("--ink"), ...more });
  const marked = (fen, name) => ({ symbol: "none", silent: true, data: [{ yAxis: fen }], lineStyle: { color: token("--ink"), type: "dotted", width: 2 }, label: { position: "insideEndTop", ...type("--ink"), formatter: name } });
  const line = (name, points, colour, dash = "solid", more = {}) => ({ name, type: "line", data: points, symbol: "none", itemStyle: { color: token(colour) }, lineStyle: { color: token(colour), width: 2.5, type: dash }, ...more });
  const ROW = 1.75, MARK = 48;  // a legend's row in ems; a mark and the gaps beside it in pixels
  const legend = (names, box) => {
    const face = type("--ink"), pen = document.createElement("canvas").getContext("2d");
    pen.font = `${face.fontSize}px ${face.fontFamily}`;
    let rows = 1, taken = 0;
    for (const name of names) {
      const width = pen.measureText(name).width + MARK;
      if (taken && taken + width > box.clientWidth - 16) { rows += 1; taken = 0; }
      taken += width;
    }
    return { legend: { top: 8, left: 8, data: names, textStyle: face }, top: 8 + (rows + 1.5) * ROW * face.fontSize };
  };
  const frame = (series, box, more) => {
    const { legend: names, top } = legend([...new Set(series.map((one) => one.name))], box);
    return { textStyle: type("--ink"), legend: names, grid: { left: 8, right: 24, top, bottom: 8, containLabel: true, ...more }, series };
  };

  /* The year's money under its cap, by day or month. */
  const burnt = (plot, box) => {
    const COLOURS = ["--part-settled", "--part-held", "--ok"];
    return {
      ...frame(plot.lines.map((one, n) => line(one.name, one.points, COLOURS[n], one.dash, { symbol: "circle", symbolSize: 5 })), box),
      tooltip: tooltip({ trigger: "axis", valueFormatter: money }),
      xAxis: axis({ type: "category", data: plot.x }),
      yAxis: purse(plot, { min: 0 }),
    };
  };

  /* What is left of a year by week, its ceiling, and when it runs out. */
  const forecast = (plot, box) => {
    const [granted, paid] = plot.lines;
    const series = [line(granted.name, granted.points, "--part-spendable"), line(paid.name, paid.points, "--part-settled", "dashed")];
    if (plot.ceiling) series[0].markLine = marked(plot.ceiling, plot.words.ceiling);
    if (plot.ahead) {
      series.push(line(plot.words.forecast, plot.ahead.middle, "--part-held", "dashed"));
      for (const edge of ["early", "late"]) series.push(line(plot.words.band, plot.ahead[edge], "--part-held", "dotted"));
    }
    return {
      ...frame(series, box),
      tooltip: tooltip({ trigger: "axis", valueFormatter: money }),
      xAxis: axis({ type: "time", min: plot.first, max: plot.last, splitLine: { show: false }, axisLabel: { formatter: "{MM}-{dd}" } }),
      yAxis: purse(plot, { min: 0 }),
    };
  };

  /* The prices of a session: a line a hub. */
  const prices = (plot, box) => {
    const COLOURS = ["--part-used", "--part-held", "--ok", "--bad", "--part-settled", "--part-ended", "--brand", "--warn"];
    const MARKS = ["circle", "rect", "triangle", "diamond", "pin", "arrow", "roundRect", "emptyCircle"];
    const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2], [12, 4], [6, 2], [3, 6]];
    const nth = (list, n) => list[n % list.length];
    return {
      ...frame(plot.lines.map((one, n) => line(one.name, one.points, nth(COLOURS, n), nth(DASHES, n), { step: "end", symbol: nth(MARKS, n), symbolSize: 7 })), box),
      tooltip: tooltip({ trigger: "axis", valueFormatter: money }),
      xAxis: axis({ type: "category", data: plot.starts.map(hour) }),
      yAxis: purse(plot, { scale: true }),
    };
  };

  /* One product's asks and bids by price, and the price at which they met. */
  const steps = (plot, box) => {
    const series = plot.lines.filter((one) => one.points.length).map((one) => {
      const corners = one.points.flatMap(([from, upto, fen]) => [[from, fen], [upto, fen]]);
      return one.side === "ASK" ? line(one.name, corners, "--part-used") : line(one.name, corners, "--part-held", "dashed");
    });
    if (plot.price !== null && series.length) series[0].markLine = marked(plot.price, `${plot.words.price} ${money(plot.price)}`);
    const limits = plot.lines.flatMap((one) => one.points.map((point) => point[2])).concat(plot.price === null ? [] : [plot.price]);
    const least = Math.min(...limits), most = Math.max(...limits), room = Math.max(FEN_PER_YUAN, (most - least) * 0.15);
    const whole = (fen, round) => round(fen / FEN_PER_YUAN) * FEN_PER_YUAN;
    return {
      ...frame(series, box, { bottom: 32 }),
      xAxis: axis({ type: "value", name: plot.words.lots, min: 0, minInterval: 1, nameLocation: "middle", nameGap: 28 }),
      yAxis: purse(plot, { min: Math.max(0, whole(least - room, Math.floor)), max: whole(most + room, Math.ceil) }),
    };
  };

  /* Where names go in a narrow box: beneath, or above where one stands already, or only in the tooltip and the table. */
  const places = (nodes, box, span, align) => {
    const face = type(), pen = document.createElement("canvas").getContext("2d");
    pen.font = `${face.fontSize}px ${face.fontFamily}`;
    const px = box.clientWidth / span, edge = box.clientWidth / 2, R = 8, GAP = 11, MIDDLE = 34;
    const taken = [[-MIDDLE, MIDDLE, -MIDDLE, MIDDLE], ...nodes.map((node) => [node.x * px - R, node.x * px + R, -node.y * px - R, -node.y * px + R])];
    return nodes.map((node) => {
      const width = pen.measureText(node.name).width, high = face.fontSize * 1.2, x = node.x * px, y = -node.y * px;
      const left = { left: x, center: x - width / 2, right: x - width }[align(node.x)];
      for (const [position, top] of [["bottom", y + GAP], ["top", y - GAP - high]]) {
        const mine = [left, left + width, top, top + high];
        const free = taken.every((one) => mine[1] < one[0] || one[1] < mine[0] || mine[3] < one[2] || one[3] < mine[2]);
        if (free && left > -edge && left + width < edge && top > -edge && top + high < edge) { taken.push(mine); return { position }; }
      }
      return { show: false };
    });
  };

  /* The cities by tier and direction, and the links to them. */
  const map = (plot, box) => {
    const DASHES = { measured: "solid", published: "dashed", model: "dotted" };
    const ring = (r) => Array.from({ length: 73 }, (_, step) => [r * Math.sin((step * Math.PI) / 36), r * Math.cos((step * Math.PI) / 36)]);
    const inner = plot.nodes.filter((node) => !node.x && !node.y);
    const outer = plot.nodes.filter((node) => node.x || node.y);
    const REACH = 3.7;
    const hidden = { type: "value", min: -REACH, max: REACH, show: false };
    const wide = box.clientWidth > 480;
    const label = (node) => (node.rtt && wide ? `${node.name} ${node.rtt}` : node.name);
    const align = (x) => (x > 2 ? "right" : x < -2 ? "left" : "center");
    const place = wide ? [] : places(outer, box, 2 * REACH, align);
    const thin = (data, style) => ({ type: "line", data, symbol: "none", silent: true, lineStyle: style });
    return {
      textStyle: type(),
      grid: { left: 0, right: 0, top: 0, bottom: 0 },
      xAxis: hidden,
      yAxis: hidden,
      tooltip: tooltip({ formatter: (it) => it.data?.told || "" }),
      series: [
        ...plot.rings.map((one) => thin(ring(one.r), { color: token("--line"), width: 1 })),
        { type: "scatter", silent: true, symbolSize: 1, z: 3, itemStyle: { color: "transparent" }, data: (wide ? plot.rings : []).map((one) => ({ value: [-one.r * 0.707, one.r * 0.707], name: one.name })), label: { show: true, formatter: "{b}", ...type(), backgroundColor: token("--surface"), padding: [0, 4] } },
        ...outer.map((node) => thin([[0, 0], [node.x, node.y]], { color: token("--brand"), opacity: 0.45, width: 1.25, type: DASHES[node.known] || "dotted" })),
        { type: "scatter", symbolSize: 12, z: 4, data: outer.map((node, n) => ({ value: [node.x, node.y], name: label(node), label: { align: align(node.x), ...place[n] }, told: [node.name, ...node.detail, node.rtt && `${node.rtt} ${plot.ms}`].filter(Boolean).join("\n") })), itemStyle: { color: token("--surface"), borderColor: token("--brand"), borderWidth: 2 }, label: { show: true, position: "bottom", formatter: "{b}", ...type("--ink") } },
        { type: "scatter", symbolSize: 66, z: 4, data: inner.map((node) => ({ value: [0, 0], name: node.name, told: [node.name, ...node.detail].join("\n") })), itemStyle: { color: token("--brand") }, label: { show: true, position: "inside", formatter: "{b}", ...type("--surface"), fontWeight: 600 } },
      ],
    };
  };

  const KINDS = { burnt, forecast, prices, steps, map };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const draw = async (box) => {
    try { await load(); } catch { return; }
    const plot = JSON.parse(box.dataset.plot);
    const chart = echarts.init(box, null, { renderer: "canvas" });
    const redraw = () => {
      chart.resize();
      chart.setOption({ animation: false, aria: { enabled: false }, ...KINDS[plot.kind](plot, box) }, true);
      box.dataset.drawn = plot.kind;
    };
    dark.addEventListener("change", redraw);
    new ResizeObserver(redraw).observe(box);
  };
  const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => { seen.unobserve(entry.target); draw(entry.target); }), { rootMargin: "200px" });
  plots.forEach((box) => seen.observe(box));
})();
