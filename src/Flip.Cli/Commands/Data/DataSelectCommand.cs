using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Data;
using Flip.Ingest.Selection;
using Flip.Io;
using Flip.Progress;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data select</c>: rows of metadata by SQL, as a table or as uids.</summary>
internal static class DataSelectCommand
{
    private const long MostRows = 2_000_000_000;

    private static readonly Argument<string> Source = new("source")
    {
        Description = "Tables (.parquet, .csv, .tsv, .jsonl; texts also with .gz): a folder, a file, a name with * and ?, or names in braces.",
    };

    private static readonly Option<string?> Out = new("--out") { Description = "The file: .parquet, .csv, .jsonl, or .npy (uids alone, sorted, as DataComp has its subsets)." };
    private static readonly Option<bool> Count = new("--count", "--dry-run") { Description = "Say how many rows are selected, and write nothing." };

    private static readonly Option<string?> Where = new("--where")
    {
        Description = "A condition in SQL, such as \"similarity > 0.3 and width >= 224\". The whole list is the table rows: \"similarity >= (SELECT quantile_cont(similarity, 0.7) FROM rows)\".",
    };

    private static readonly Option<string[]> With = new("--with") { Description = "A table whose columns come to the list's, by the first of uid, key and url that both have; may be given several times." };
    private static readonly Option<string[]> Uids = new("--uids") { Description = "An .npy file of uids: only rows whose uid is in it; may be given several times, and then a row must be in all." };
    private static readonly Option<string?> Columns = new("--columns") { Description = "Columns that are written, with commas (default: all)." };
    private static readonly Option<string?> OrderBy = new("--order-by") { Description = "What rows are sorted by, such as \"similarity DESC\" (default: the list's order)." };
    private static readonly Option<long?> Limit = new("--limit") { Description = "Write so many rows at most, the first." };
    private static readonly Option<long?> Sample = new("--sample") { Description = "Draw so many of the selected rows, in the list's order." };
    private static readonly Option<long> Seed = new("--seed") { Description = "Seed of --sample, at least 0.", DefaultValueFactory = _ => 0 };
    private static readonly Option<bool> Json = new("--json") { Description = "Print the result as JSON." };

    public static Command Create()
    {
        var command = new Command("select", "Select rows of metadata by SQL, and write them as a table or as a file of uids. 'flip data pack --select' makes shards of the samples that it names.")
        {
            Source, Out, Count, Where, With, Uids, Columns, OrderBy, Limit, Sample, Seed, DataOptions.AllowOutside, Json,
        };
        command.SetAction((result, cancellation) =>
        {
            var output = result.GetValue(Count) ? null : result.GetValue(Out) ?? throw new ConfigException("--out is missing: name the file, or say --count.");
            using var view = Consoles.Progress(json: true); // standard output is for the result
            var options = Options(result, view.Message);
            if (output is not null)
            {
                OutputPlace.CheckFile(output, "--out");
            }

            var selected = new RowSelection(options).Run(output, Progress(view), cancellation);
            Console.Write(result.GetValue(Json) ? JsonSerializer.Serialize(selected, JsonOutput.Options) + "\n" : SelectText.Of(selected, output));
            return selected.Written > 0 || output is null ? Task.CompletedTask : throw new ConfigException($"None of the {selected.Rows} rows is selected; nothing was written.");
        });
        return command;
    }

    private static SelectOptions Options(ParseResult result, Action<string> say)
    {
        var problems = new List<string>();
        foreach (var (option, value, least) in ((string, long?, long)[])[("--limit", result.GetValue(Limit), 1), ("--sample", result.GetValue(Sample), 1)])
        {
            if (value < least || value > MostRows)
            {
                problems.Add(FormattableString.Invariant($"{option} {value}: must be at least {least} and at most {MostRows}."));
            }
        }

        if (result.GetValue(Seed) < 0)
        {
            problems.Add(FormattableString.Invariant($"--seed {result.GetValue(Seed)}: must be at least 0."));
        }

        return problems.Count > 0 ? throw new ConfigException(problems) : new SelectOptions
        {
            Source = result.GetValue(Source)!,
            Reading = SourceProgress.Sources(say, allowMissing: true, allowOutside: result.GetValue(DataOptions.AllowOutside)),
            Where = result.GetValue(Where),
            With = result.GetValue(With) ?? [],
            Uids = result.GetValue(Uids) ?? [],
            Columns = result.GetValue(Columns)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            OrderBy = result.GetValue(OrderBy),
            Limit = result.GetValue(Limit),
            Sample = result.GetValue(Sample),
            Seed = (ulong)result.GetValue(Seed),
        };
    }

    /// <summary>A bar for each stage. Queries are looked at from another thread.</summary>
    private static Action<string, long, long> Progress(ConsoleProgress view)
    {
        var gate = new Lock();
        (string Stage, long Total, ItemMeter Meter)? last = null;
        return (stage, done, total) =>
        {
            lock (gate)
            {
                if (last is not { } known || (known.Stage, known.Total) != (stage, total))
                {
                    last = known = (stage, total, new ItemMeter(view, stage, "rows", total));
                }

                if (done >= known.Meter.Done)
                {
                    known.Meter.Report(done);
                }
            }
        };
    }
}
