using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Data;
using Flip.Evaluation.DataSets;

namespace Flip.Cli.Commands;

/// <summary><c>flip datasets</c>: the data sets of evaluations, how they have to lie, and what others reached on them.</summary>
internal static class DatasetsCommand
{
    private const int NamesShown = 5;

    public static Command Create()
    {
        var name = new Argument<string?>("name")
        {
            Description = "A data set's name, or your own description (.json); all are listed if there is none.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var data = new Option<string?>("--data") { Description = "Open this folder, shards or list as the data set and list what it has." };
        var json = new Option<bool>("--json") { Description = "Print as JSON." };
        var command = new Command("datasets", "List the data sets of evaluations, or tell of one: its layouts, prompts, published results.")
        {
            name, data, DataOptions.AllowOutside, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(data) is not null && result.GetValue(name) is null)
            {
                result.AddError("--data needs the name of a data set.");
            }
        });
        command.SetAction((result, cancellation) =>
        {
            var allowOutside = result.GetValue(DataOptions.AllowOutside);
            if (result.GetValue(name) is not { } one)
            {
                List(result.GetValue(json));
            }
            else if (result.GetValue(data) is { } source)
            {
                Check(DataSets.Get(one, allowOutside), source, allowOutside, result.GetValue(json), cancellation);
            }
            else
            {
                Show(DataSets.Get(one, allowOutside), result.GetValue(json));
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void List(bool json)
    {
        if (json)
        {
            Print(DataSets.All.Select(set => new
            {
                set.Name,
                set.Title,
                set.Task,
                classes = set.Classes.Count,
                set.Metric,
                set.Split,
                set.Images,
                layouts = Kinds(set),
            }));
            return;
        }

        foreach (var set in DataSets.All)
        {
            Console.WriteLine($"{set.Name,-16} {Summary(set)}");
            Console.WriteLine($"{string.Empty,-16} {string.Join(", ", Kinds(set))}");
        }
    }

    private static void Show(DataSetDescription set, bool json)
    {
        if (json)
        {
            Print(new
            {
                set.Name,
                set.Title,
                set.Task,
                set.Metric,
                set.Split,
                set.TrainSplit,
                set.Images,
                set.Notes,
                set.Data,
                layouts = set.Layouts.Select(layout => new { layout.Kind, files = layout.Describe(set.Split) }),
                set.Templates,
                set.Classes,
                set.Results,
            });
            return;
        }

        Console.WriteLine($"{set.Name}: {Summary(set)}");
        if (set.Notes.Length > 0)
        {
            Console.WriteLine(set.Notes);
        }

        Console.WriteLine("Its folder is one of:");
        foreach (var layout in set.Layouts)
        {
            Console.WriteLine($"  {layout.Kind}: {layout.Describe(set.Split)}");
        }

        WriteList("Prompts", set.Templates);
        WriteList("Classes", [.. set.Classes.Select(entry => entry.Aliases.Count == 0 ? entry.Name : $"{entry.Name} ({string.Join(", ", entry.Aliases)})")]);
        foreach (var result in set.Results)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{100 * result.Value,6:0.0#} %  {result.Model}, {result.Measure ?? $"zero-shot {Lower(set.Metric)}"} ({result.Source})"));
        }
    }

    private static void Check(DataSetDescription set, string source, bool allowOutside, bool json, CancellationToken cancellation)
    {
        var isRetrieval = set.Task == DataSetTask.Retrieval;
        var options = SourceProgress.Sources(Console.Error.WriteLine, allowOutside: allowOutside);
        var labelled = isRetrieval ? null : set.OpenLabelled(source, options: options, cancellation: cancellation);
        var captioned = isRetrieval ? set.OpenCaptioned(source, options: options, cancellation: cancellation) : null;
        var images = labelled?.Images.Count ?? captioned!.Images.Count;
        var captions = captioned?.Captions.Sum(list => list.Count);
        var difference = set.DifferenceFromPublished(images);
        var empty = labelled?.ClassNames.Index().ExceptBy(labelled.Labels.SelectMany(label => label).Distinct(), entry => entry.Index)
            .Select(entry => entry.Item).ToList();
        if (json)
        {
            Print(new { set.Name, images, classes = labelled?.ClassNames.Count, captions, classesWithoutImage = empty, difference });
            return;
        }

        Console.WriteLine(labelled is not null
            ? $"{images} images of {labelled.ClassNames.Count} classes"
            : $"{images} images with {captions} captions");
        if (empty is { Count: > 0 })
        {
            WriteList($"{empty.Count} classes have no image", empty);
        }

        if (difference is not null)
        {
            Console.WriteLine(difference);
        }
    }

    private static void WriteList(string what, IReadOnlyList<string> items)
    {
        if (items.Count > 0)
        {
            Console.WriteLine($"{what}: {string.Join("; ", items.Take(NamesShown))}" + (items.Count > NamesShown ? $"; and {items.Count - NamesShown} more" : ""));
        }
    }

    private static IEnumerable<string> Kinds(DataSetDescription set) => set.Layouts.Select(layout => layout.Kind).Distinct();

    private static string Summary(DataSetDescription set) => $"{set.Title}, {Lower(set.Task)}"
        + (set.Task == DataSetTask.Retrieval ? "" : string.Create(CultureInfo.InvariantCulture, $" of {set.Classes.Count} classes"))
        + $", {Lower(set.Metric)} on {set.Split}"
        + (set.Images is { } images ? string.Create(CultureInfo.InvariantCulture, $" ({images} images)") : "");

    private static string Lower(Enum value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static void Print<T>(T value) => Console.WriteLine(JsonSerializer.Serialize(value, JsonOutput.Options));
}
