using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Devices;
using Flip.Evaluation.Captioning;
using Flip.Evaluation.Reports;
using Flip.Tasks.Captioning;

namespace Flip.Cli.Commands.Caption;

/// <summary><c>flip caption eval</c>: a finished captioner on captioned images.</summary>
internal static class CaptionEvalCommand
{
    public static Command Create()
    {
        var captioner = new Argument<string>("captioner") { Description = "Finished captioner: its folder, or its run." };
        var on = new Option<string[]>("--on") { Description = "Captioned images: captions=PATH, NAME=captions=PATH, or coco=PATH of a known data set; may be repeated.", Required = true };
        var folder = new Option<string?>("--out") { Description = "Folder for results: table, page, captions in COCO's format." };
        var jars = new Option<string?>("--coco-jars") { Description = "Folder with meteor-1.5.jar or spice-1.0.jar (coco-caption's pycocoevalcap): METEOR and SPICE are computed too, by Java." };
        var json = new Option<bool>("--json") { Description = "Print the results as JSON." };
        var use = DecodingOptions.Create();
        var command = new Command("eval", "Measure a captioner: BLEU, ROUGE-L and CIDEr, as coco-caption computes them.") { captioner, on, folder, jars, DataOptions.AllowOutside, json };
        use.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var config = use.Config(result);
            if (result.GetValue(folder) is { } wanted)
            {
                ResultsFolder.Check(wanted, "--out");
            }

            var programs = result.GetValue(jars) is { } place ? new CocoJars(place) : null;
            using var view = Consoles.Progress(result.GetValue(json));
            var tests = CaptionTests.Open(result.GetValue(on)!, config, view, result.GetValue(DataOptions.AllowOutside), cancellation);
            Compute.UseThreads(config);
            using var loaded = CaptionerFolder.Load(result.GetValue(captioner)!, Compute.Of(config));
            var written = tests.Write(loaded, cancellation);
            if (programs is not null)
            {
                view.Message("Running METEOR and SPICE, as far as they are there.");
                written = [.. written.Select(set => set with { Outcome = set.Outcome.With(programs, cancellation) })];
            }

            if (result.GetValue(folder) is { } results)
            {
                tests.Save(results, result.GetValue(captioner)!, loaded, written, cancellation);
            }

            CaptionText.Print(new CaptionText.Report(result.GetValue(captioner)!, 0, 0, 0, CaptionTests.Scores(written)), result.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }
}
