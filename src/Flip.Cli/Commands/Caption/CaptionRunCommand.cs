using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Models;
using Flip.Progress;
using Flip.Tasks.Captioning;

namespace Flip.Cli.Commands.Caption;

/// <summary><c>flip caption run</c>: captions of images.</summary>
internal static class CaptionRunCommand
{
    public static Command Create()
    {
        var captioner = new Argument<string>("captioner") { Description = "Finished captioner: its folder, or its run." };
        var images = new Argument<string[]>("images") { Description = "Images, folders, lists (.txt with one path a line) or .tar shards.", Arity = ArgumentArity.OneOrMore };
        var top = new Option<int>("--top") { Description = "Captions of each image, with their log-probabilities.", DefaultValueFactory = _ => 1 };
        var missing = new Option<bool>("--allow-missing") { Description = "Leave out what cannot be read, and say so; by default it is an error." };
        var json = new Option<bool>("--json") { Description = "Print COCO's results format: a list of image_id and caption." };
        var use = DecodingOptions.Create();
        var command = new Command("run", "Write captions of images.") { captioner, images, top, missing, DataOptions.AllowOutside, json };
        use.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var (count, isJson) = (result.GetValue(top), result.GetValue(json));
            var config = use.Config(result, DecodingOptions.Following(count));
            if (count < 1 || count > config.Decoding.Beams)
            {
                throw new ConfigException($"--top {count}: expected 1 to {config.Decoding.Beams}, as many as captions are followed (--beams).");
            }

            if (isJson && count > 1)
            {
                throw new ConfigException("--json: COCO's format has one caption of an image; leave --top out.");
            }

            using var view = Consoles.Progress(json: true); // captions alone are the output
            var options = SourceProgress.Sources(view.Message, result.GetValue(missing), result.GetValue(DataOptions.AllowOutside));
            var sources = result.GetValue(images)!.Select(source => ImageSources.Open(source, options, cancellation)).ToList();
            Compute.UseThreads(config);
            var compute = Compute.Of(config);
            using var loaded = CaptionerFolder.Load(result.GetValue(captioner)!, compute);
            var writer = new CaptionWriter(loaded, config.Decoding);
            var batchSize = ModelMemory.EncodingBatch(loaded.Config.Model, compute, config.EvalBatchSize);
            var found = new List<(string Key, string Caption)>();
            foreach (var source in sources)
            {
                var meter = new ItemMeter(view, "caption", "images", source.Count);
                var loader = new ImageLoader(source, EvaluationTransform.Of(loaded.Config), config.Workers, result.GetValue(missing));
                string[] keys = [.. source.Keys()];
                foreach (var batch in loader.Read(batchSize, cancellation: cancellation))
                {
                    var written = batch.Samples.Zip(writer.Write(batch.Present, batch.Size, cancellation), (image, captions) => (Key: keys[image], Captions: captions)).ToList();
                    if (isJson)
                    {
                        found.AddRange(written.Select(image => (image.Key, image.Captions[0].Text)));
                    }
                    else
                    {
                        CaptionText.Print(written, count);
                    }

                    foreach (var (image, why) in batch.Missing)
                    {
                        view.Message($"Left out: {source.Describe(image)}: {why}");
                    }

                    meter.Report(batch.Samples.Length == 0 ? meter.Done : batch.Samples[^1] + 1);
                }
            }

            if (isJson)
            {
                Console.Write(CocoCaptionResults.Of(found));
            }

            return Task.FromResult(0);
        });
        return command;
    }
}
