using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Flip.Data.Layouts;
using Flip.Evaluation.DataSets;
using Flip.Tests.Data.Images;
using Flip.Tests.Data.Layouts;
using SkiaSharp;

namespace Flip.Tests.Evaluation.DataSets;

/// <summary>Writes a few pictures of a data set in one of its layouts, under the names that the published set has.</summary>
/// <param name="set">The data set.</param>
/// <param name="folder">Where it is written.</param>
/// <param name="at">The folder below it in which the layout begins.</param>
internal sealed class Miniature(DataSetDescription set, LayoutFolder folder, string at)
{
    private readonly List<(int Class, int Number)> _images = [];

    /// <summary>The class of each picture that was written.</summary>
    public IEnumerable<int> Labels => _images.Select(image => image.Class);

    /// <summary>One picture of the first class, two of one in the middle, three of the last.</summary>
    public void Write(LabelledLayout layout)
    {
        foreach (var (index, number) in new[] { 0, set.Classes.Count / 2, set.Classes.Count - 1 }.Distinct().Index())
        {
            _images.AddRange(Enumerable.Range(0, index + 1).Select(i => (number, (10 * index) + i)));
        }

        switch (layout)
        {
            case ClassFolders: WriteFolders(); break;
            case LabelList list: WriteList(list); break;
            case LabelledWebDataset: WriteWebDataset(); break;
            case LabelledShards: folder.Shard(In($"{set.Split}-0000.tar"), "cls", [.. Labels.Select(label => Ascii(label))]); break;
            case CifarFiles: WriteCifar(); break;
            case IdxFiles: WriteIdx(); break;
            case StlFiles: WriteStl(); break;
            case VocFolder: WriteVoc(); break;
            case ClevrScenes: WriteClevr(); break;
            default: throw new NotSupportedException(layout.Kind);
        }
    }

    /// <summary>What the published set calls the folder of a class.</summary>
    private string FolderOf(int number)
    {
        var entry = set.Classes[number];
        return set.Name switch
        {
            "imagenet-v2" => Text(number),
            "gtsrb" => number.ToString("D5", CultureInfo.InvariantCulture),
            "ucf101" => entry.Name.Replace(" ", "", StringComparison.Ordinal),
            "kinetics700" or "cars" or "aircraft" => entry.Name.Replace('/', '-'),
            _ => entry.Aliases.Count > 0 && set.Name != "clevr-counts" ? entry.Aliases[0].Replace('/', Path.DirectorySeparatorChar)
                : entry.Name.Replace(' ', '_').Replace('/', '-'),
        };
    }

    private void WriteFolders()
    {
        var split = set.Name is "imagenet" or "country211" or "sst2" or "tiny-imagenet" or "kinetics700" ? set.Split : "";
        foreach (var (number, i) in _images)
        {
            var place = In(Path.Combine(split, FolderOf(number)));
            if (set.Videos)
            {
                Enumerable.Range(1, 3).ToList().ForEach(frame => folder.Image(Path.Combine(place, $"v_{i}", $"frame-{frame:D4}.jpg")));
            }
            else
            {
                folder.Image(Path.Combine(place, set.Name == "tiny-imagenet" ? $"images/{i}.JPEG" : $"{i}.jpg"));
            }
        }

        if (set.IgnoreOtherClasses)
        {
            folder.Image(In("no_class_of_these/1.jpg"));
        }
    }

    private void WriteList(LabelList list)
    {
        var lines = _images.Select(image => (set.Name, list.File) switch
        {
            (_, "{split}.csv") => Add($"pictures/{image.Number}.jpg", $"pictures/{image.Number}.jpg,\"{set.Classes[image.Class].Name}\""),
            ("imagenet", _) => Add(
                $"ILSVRC/Data/CLS-LOC/val/ILSVRC2012_val_{image.Number:D8}.JPEG",
                $"ILSVRC2012_val_{image.Number:D8},{set.Classes[image.Class].Aliases[0]} 85 1 499 272"),
            ("food101", _) => Add($"images/{FolderOf(image.Class)}/{image.Number}.jpg", $"{FolderOf(image.Class)}/{image.Number}"),
            ("birdsnap" or "dtd", _) => Add(Path.Combine(list.Images, $"{FolderOf(image.Class)}/{image.Number}.jpg"), $"{FolderOf(image.Class)}/{image.Number}.jpg"),
            ("sun397", _) => Add(Path.Combine(list.Images, $"{FolderOf(image.Class)}/sun_{image.Number}.jpg"), $"/{FolderOf(image.Class)}/sun_{image.Number}.jpg"),
            ("aircraft", _) => Add($"data/images/{image.Number:D7}.jpg", $"{image.Number:D7} {set.Classes[image.Class].Name}"),
            ("pets", _) => Add($"images/Pet_{image.Number}.jpg", $"Pet_{image.Number} {image.Class + 1} 1 1"),
            ("gtsrb", "Test.csv") => Add($"Test/{image.Number:D5}.png", $"53,54,6,5,48,49,{image.Class},Test/{image.Number:D5}.png"),
            ("gtsrb", _) => Add(Path.Combine(list.Images, $"{image.Number:D5}.ppm"), $"{image.Number:D5}.ppm;53;54;6;5;48;49;{image.Class}"),
            ("ucf101", _) => Add(
                Path.Combine(list.Images, $"{FolderOf(image.Class)}/v_{image.Number}_g01/0001.jpg"), $"{FolderOf(image.Class)}/v_{image.Number}_g01.avi"),
            ("hateful-memes", _) => Add(
                $"img/{image.Number:D5}.png", $$"""{"id":{{image.Number}},"img":"img\/{{image.Number:D5}}.png","label":{{image.Class}},"text":"a \"b\" c"}"""),
            ("tiny-imagenet", _) => Add($"val/images/val_{image.Number}.JPEG", $"val_{image.Number}.JPEG\t{FolderOf(image.Class)}\t0\t32\t44\t62"),
            _ => throw new NotSupportedException($"{set.Name} {list.File}"),
        }).ToList();
        lines.InsertRange(0, (set.Name, list.File) switch
        {
            (_, "{split}.csv") => ["path,label"],
            ("imagenet", _) => ["ImageId,PredictionString"],
            ("birdsnap", _) => ["path"],
            ("gtsrb", "Test.csv") => ["Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId,Path"],
            ("gtsrb", _) => ["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"],
            _ => Array.Empty<string>(),
        });
        folder.Text(In(list.File.Replace("{split}", set.Split, StringComparison.Ordinal).Replace("{Split}", "Test", StringComparison.Ordinal)), [.. lines]);
    }

    private string Add(string image, string line)
    {
        _ = image.EndsWith(".ppm", StringComparison.Ordinal)
            ? folder.Bytes(In(image), [.. "P6\n2 1\n255\n"u8, 1, 2, 3, 4, 5, 6])
            : folder.Image(In(image));
        return line;
    }

    /// <summary>Numbered in the reverse order, where no name is there twice.</summary>
    private void WriteWebDataset()
    {
        var names = set.Classes.Select(entry => entry.Name).ToList();
        var isReversed = names.Distinct().Count() == names.Count;
        int Published(int number) => isReversed ? names.Count - 1 - number : number;
        folder.Text(In("classnames.txt"), [.. isReversed ? names.AsEnumerable().Reverse() : names]).Text(In("test/nshards.txt"), "1");
        if (set.Task == DataSetTask.MultiLabel)
        {
            folder.Text(In("dataset_type.txt"), "multilabel")
                .Shard(In("test/0.tar"), "npy", [.. Labels.Select(label => Numpy.Floats([.. names.Select((_, i) => i == Published(label) ? 1f : 0f)]))]);
            return;
        }

        folder.Shard(In("test/0.tar"), "webp", TestImages.Encode(5, 4, SKEncodedImageFormat.Webp), "cls", [.. Labels.Select(label => Ascii(Published(label)))]);
    }

    private void WriteCifar()
    {
        byte[] Record(int label) => [.. set.Classes.Count == 10 ? (byte[])[(byte)label] : [7, (byte)label], .. new byte[3 * 32 * 32]];
        folder.Bytes(In(set.Classes.Count == 10 ? "test_batch.bin" : "test.bin"), [.. Labels.SelectMany(Record)]);
    }

    private void WriteIdx() => folder
        .Gzip(In("t10k-images-idx3-ubyte.gz"), [.. BigEndian(0x803, _images.Count, 28, 28), .. new byte[_images.Count * 28 * 28]])
        .Bytes(In("t10k-labels-idx1-ubyte"), [.. BigEndian(0x801, _images.Count), .. Labels.Select(label => (byte)label)]);

    private void WriteStl() => folder
        .Bytes(In("test_X.bin"), new byte[_images.Count * 3 * 96 * 96])
        .Bytes(In("test_y.bin"), [.. Labels.Select(label => (byte)(label + 1))]);

    private void WriteVoc()
    {
        foreach (var (number, entry) in set.Classes.Index())
        {
            folder.Text(
                In($"ImageSets/Main/{entry.Name}_test.txt"),
                [.. _images.Select(image => $"{image.Number:D6} {(image.Class == number ? " 1" : image.Class + 1 == number ? " 0" : "-1")}")]);
        }

        _images.ForEach(image => folder.Image(In($"JPEGImages/{image.Number:D6}.jpg")));
    }

    private void WriteClevr()
    {
        var scenes = _images.Select(image => $$"""
            {"split": "val", "image_filename": "CLEVR_val_{{image.Number}}.png", "objects": [{{string.Join(",", Enumerable.Repeat("""{"color": "red", "3d_coords": [1, 2]}""", 3 + image.Class))}}]}
            """);
        folder.Text(In("scenes/CLEVR_val_scenes.json"), $$"""{"info": {}, "scenes": [{{string.Join(",", scenes)}}]}""");
        _images.ForEach(image => folder.Image(In($"images/val/CLEVR_val_{image.Number}.png")));
    }

    private string In(string path) => Path.Combine(at, path);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static byte[] Ascii(int number) => Encoding.ASCII.GetBytes(Text(number));

    private static byte[] BigEndian(params int[] numbers)
    {
        var bytes = new byte[4 * numbers.Length];
        numbers.Index().ToList().ForEach(number => BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * number.Index), number.Item));
        return bytes;
    }
}
