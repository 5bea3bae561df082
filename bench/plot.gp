# SPDX-License-Identifier: GPL-2.0-only
#
# gnuplot -c plot.gp OUT.svg FILE...: I/Os in a second against the kernel's own
# tcm_loop, which is 1; each FILE is what "table.py --data" prints.
files = ARGC - 1
columns = files > 1 ? 2 : 1
rows = (files + columns - 1) / columns
set terminal svg size 640 * columns, 330 * rows font "sans,12" background "white"
set output ARG1
set datafile missing "-"
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set boxwidth 0.9
set grid ytics
set key top right noenhanced
set xtics scale 0
set logscale y 2
set yrange [0.25:16]
set ytics ("1/4" 0.25, "1/2" 0.5, "stock" 1, "2x" 2, "4x" 4, "8x" 8, "16x" 16)
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lw 2 dt 2 front
set multiplot layout rows, columns
do for [i = 2:ARGC] {
	file = value(sprintf("ARG%d", i))
	set title system("sed -n 's/^# //p' " . file) noenhanced
	plot file using 2:xtic(1) title "tcm_loop" lc rgb "#1b6ca8", \
	     "" using 3 title "nvme-loop" lc rgb "#d8a47f", \
	     "" using 4 title "null_blk itself" lc rgb "#b8b8b8"
}
unset multiplot
