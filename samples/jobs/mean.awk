# The mean of the second column of a CSV file.
BEGIN { FS = "," }
{ sum += $2; n++ }
END { printf "%d readings, mean %.4f\n", n, sum / n }
