# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Draws the first bus of a value change dump: awk -f vcd-svg.awk FILE.vcd
#
# The picture has cs0, clk, mosi and miso, and the bytes that were clocked in
# mode 0. Idle times are cut to GAP ns, and marked.

BEGIN {
	GAP = 6000
	names = "cs0 clk mosi miso"
	count = split(names, name, " ")
	for (i = 1; i <= count; i++)
		row[name[i]] = i
	LEFT = 52
	ROW = 34
	HIGH = 18
	TOP = 12
	SCALE = 62
}

/^\$var/ && row[$5] && !($5 in id) { id[$5] = $4; signal[$4] = $5; next }
/^\$upscope/ { done = 1 }
/^\$/ { next }

/^#/ {
	at = substr($0, 2) + 0
	if (at - last > GAP) {
		cut += at - last - GAP
		marks[++mark_count] = last + GAP / 2 - (cut - (at - last - GAP))
	}
	last = at
	now = at - cut
	next
}

{
	s = signal[substr($0, 2)]
	if (s == "")
		next
	v = substr($0, 1, 1)
	step(s, v)
	value[s] = v
	if (s == "clk" && v == 1 && value["cs0"] == 0)
		sample()
	if (s == "cs0")
		bits = 0
}

function x(time) { return LEFT + time / SCALE }

function y(s, v) {
	return TOP + (row[s] - 1) * ROW + \
		(v == 1 ? 0 : v == 0 ? HIGH : HIGH / 2)
}

# Unknown and undriven values are a dotted line in the middle.
function step(s, v,   dotted, was) {
	was = value[s]
	if (was != "")
		line(s, was, start[s], now)
	if (was != "" && y(s, was) != y(s, v))
		solid = solid sprintf("M%.1f %.1fV%.1f", x(now), y(s, was), \
			y(s, v))
	start[s] = now
}

function line(s, v, from, to,   d) {
	if (to <= from)
		return
	d = sprintf("M%.1f %.1fH%.1f", x(from), y(s, v), x(to))
	if (v == "x" || v == "z")
		dots = dots d
	else
		solid = solid d
}

function sample() {
	if (bits == 0) {
		from = now
		byte["mosi"] = byte["miso"] = 0
		known = 1
	}
	byte["mosi"] = 2 * byte["mosi"] + (value["mosi"] == 1)
	byte["miso"] = 2 * byte["miso"] + (value["miso"] == 1)
	if (value["miso"] == "x")
		known = 0
	if (++bits < 8)
		return
	bits = 0
	label("mosi")
	if (known)
		label("miso")
}

function label(s) {
	texts = texts sprintf("<text x=\"%.1f\" y=\"%.1f\">%02x</text>\n", \
		x((from + now) / 2) , y(s, 0) + 12, byte[s])
}

END {
	end = now + 2000
	for (s in row)
		line(s, value[s], start[s], end)
	width = x(end) + 8
	height = TOP + count * ROW + 6
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" " \
		"viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" " \
		"font-family=\"monospace\" font-size=\"11\">\n", \
		width, height, width, height
	print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
	for (s in row)
		order[row[s]] = s
	for (i = 1; i <= count; i++)
		printf "<text x=\"8\" y=\"%.1f\" fill=\"#333\">%s</text>\n", \
			y(order[i], 0) - 5, order[i]
	printf "<path d=\"%s\" fill=\"none\" stroke=\"#1f6fb2\"/>\n", solid
	printf "<path d=\"%s\" fill=\"none\" stroke=\"#999\" " \
		"stroke-dasharray=\"2 2\"/>\n", dots
	for (i = 1; i <= mark_count; i++)
		printf "<path d=\"M%.1f 4V%d\" stroke=\"#c33\" " \
			"stroke-dasharray=\"4 3\"/>\n", x(marks[i]), height - 8
	printf "<g text-anchor=\"middle\" fill=\"#a33\">\n%s</g>\n</svg>\n", \
		texts
}
