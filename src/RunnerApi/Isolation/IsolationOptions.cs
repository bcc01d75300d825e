using System.ComponentModel.DataAnnotations;

namespace Actors.RunnerApi.Isolation;

/// <summary>Settings of the isolation proof, section <c>Actors:Runner:Isolation</c>.</summary>
internal sealed record IsolationOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Actors:Runner:Isolation";

    /// <summary>Image of the probe, by digest: any image with a static <c>/bin/busybox</c>, such as <c>eng/probe-image.sh</c> makes. When it is set, nothing is launched without a proof.</summary>
    [RegularExpression("^[^@ ]+@sha256:[0-9a-f]{64}$", ErrorMessage = "is no image by digest, such as registry.example/probe@sha256:…")]
    public string ProbeImage { get; init; } = "";

    /// <summary>The probe image's registry speaks plain HTTP.</summary>
    public bool ProbePlainHttp { get; init; }

    /// <summary>Whether nothing is launched without a proof even when no probe image is set; left out, true on a cluster and false on one machine.</summary>
    public bool? Required { get; init; }

    /// <summary>Minutes after which each kind of sandbox is probed again; 1 to 1440.</summary>
    [Range(1, 1440)]
    public int RepeatMinutes { get; init; } = 30;

    /// <summary>Most seconds of one probe, the pull of its image included; 10 to 600.</summary>
    [Range(10, 600)]
    public int ProbeSeconds { get; init; } = 120;
}
